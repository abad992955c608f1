package tlsfiles

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/des"
	"crypto/pbkdf2"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha512"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/pem"
	"errors"
	"fmt"
	"hash"
)

// maxIterations bounds what a damaged file can make us compute; OpenSSL writes 2048.
const maxIterations = 2_000_000

// clearKey is a key file without its passphrase: PKCS #8 as RFC 5958 and RFC
// 8018 have it (PBES2), and OpenSSL's older form. A file without one is returned as it is.
func clearKey(raw []byte, passphrase string) ([]byte, error) {
	for rest := raw; ; {
		var b *pem.Block
		if b, rest = pem.Decode(rest); b == nil {
			return raw, nil
		}
		pkcs8 := b.Type == "ENCRYPTED PRIVATE KEY"
		//lint:ignore SA1019 weak, and what people have
		old := x509.IsEncryptedPEMBlock(b)
		var der []byte
		var err error
		switch {
		case !pkcs8 && !old:
			continue
		case passphrase == "":
			return nil, errors.New("it has a passphrase: write that too (key_passphrase; in a fluent.conf private_key_passphrase)")
		case pkcs8:
			b.Type = "PRIVATE KEY"
			der, err = decryptPKCS8(b.Bytes, []byte(passphrase))
		default:
			//lint:ignore SA1019 as above
			der, err = x509.DecryptPEMBlock(b, []byte(passphrase))
		}
		if err != nil {
			return nil, fmt.Errorf("it cannot be decrypted: %w", err)
		}
		return pem.EncodeToMemory(&pem.Block{Type: b.Type, Bytes: der}), nil
	}
}

var (
	oidPBES2  = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 5, 13}
	oidPBKDF2 = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 5, 12}
)

// prfs are the hashes of PBKDF2's HMAC, by the name of that.
func prfs(oid asn1.ObjectIdentifier) func() hash.Hash {
	switch oid.String() {
	case "", "1.2.840.113549.2.7": // SHA-1 is what holds where nothing is said
		return sha1.New
	case "1.2.840.113549.2.9":
		return sha256.New
	case "1.2.840.113549.2.10":
		return sha512.New384
	case "1.2.840.113549.2.11":
		return sha512.New
	}
	return nil
}

// ciphers are those in CBC, with the bytes of their keys.
func ciphers(oid asn1.ObjectIdentifier) (make func([]byte) (cipher.Block, error), size int) {
	switch oid.String() {
	case "2.16.840.1.101.3.4.1.2":
		return aes.NewCipher, 16
	case "2.16.840.1.101.3.4.1.22":
		return aes.NewCipher, 24
	case "2.16.840.1.101.3.4.1.42":
		return aes.NewCipher, 32
	case "1.2.840.113549.3.7":
		return des.NewTripleDESCipher, 24
	}
	return nil, 0
}

// decryptPKCS8 takes an EncryptedPrivateKeyInfo apart, and returns the PrivateKeyInfo.
func decryptPKCS8(der, passphrase []byte) ([]byte, error) {
	var info struct {
		Algorithm pkix.AlgorithmIdentifier
		Data      []byte
	}
	var scheme struct{ KDF, Cipher pkix.AlgorithmIdentifier }
	var kdf struct {
		Salt       []byte
		Iterations int
		Length     int                      `asn1:"optional"`
		PRF        pkix.AlgorithmIdentifier `asn1:"optional"`
	}
	var iv []byte
	if err := unmarshal(der, &info); err != nil {
		return nil, err
	}
	if !info.Algorithm.Algorithm.Equal(oidPBES2) {
		return nil, unsupported(info.Algorithm.Algorithm)
	}
	if err := unmarshal(info.Algorithm.Parameters.FullBytes, &scheme); err != nil {
		return nil, err
	}
	if !scheme.KDF.Algorithm.Equal(oidPBKDF2) {
		return nil, unsupported(scheme.KDF.Algorithm)
	}
	if err := unmarshal(scheme.KDF.Parameters.FullBytes, &kdf); err != nil {
		return nil, err
	}
	prf, block := prfs(kdf.PRF.Algorithm), scheme.Cipher.Algorithm
	newCipher, size := ciphers(block)
	switch {
	case prf == nil:
		return nil, unsupported(kdf.PRF.Algorithm)
	case newCipher == nil:
		return nil, unsupported(block)
	case kdf.Iterations < 1 || kdf.Iterations > maxIterations:
		return nil, fmt.Errorf("%d iterations are not between 1 and %d", kdf.Iterations, maxIterations)
	}
	if err := unmarshal(scheme.Cipher.Parameters.FullBytes, &iv); err != nil {
		return nil, err
	}
	key, err := pbkdf2.Key(prf, string(passphrase), kdf.Salt, kdf.Iterations, size)
	if err != nil {
		return nil, err
	}
	c, err := newCipher(key)
	if err != nil {
		return nil, err
	}
	return decryptCBC(c, iv, info.Data)
}

func decryptCBC(c cipher.Block, iv, data []byte) ([]byte, error) {
	size := c.BlockSize()
	if len(iv) != size || len(data) == 0 || len(data)%size != 0 {
		return nil, errors.New("its lengths do not fit its cipher: it is damaged")
	}
	clear := make([]byte, len(data))
	cipher.NewCBCDecrypter(c, iv).CryptBlocks(clear, data)
	pad := int(clear[len(clear)-1])
	if pad < 1 || pad > size || !bytes.HasSuffix(clear, bytes.Repeat([]byte{byte(pad)}, pad)) {
		return nil, errors.New("the passphrase is wrong")
	}
	clear = clear[:len(clear)-pad]
	var whole asn1.RawValue
	if unmarshal(clear, &whole) != nil { // one time in 256 wrong padding looks right
		return nil, errors.New("the passphrase is wrong")
	}
	return clear, nil
}

func unmarshal(der []byte, to any) error {
	rest, err := asn1.Unmarshal(der, to)
	if err == nil && len(rest) > 0 {
		err = errors.New("bytes are left over")
	}
	if err != nil {
		return fmt.Errorf("it is no encrypted PKCS #8: %w", err)
	}
	return nil
}

func unsupported(oid asn1.ObjectIdentifier) error {
	return fmt.Errorf("its encryption (%v) is not supported: write it again with `openssl pkcs8 -topk8 -v2 aes-256-cbc -in OLD -out NEW`", oid)
}

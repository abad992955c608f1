package tlsfiles

import (
	"bytes"
	"crypto"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/hex"
	"encoding/pem"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"sluice/tlsfiles/tlstest"
)

// testdata/keys holds one key, written with the passphrase "secret" by OpenSSL
// 3.0.22: openssl pkcs8 -topk8 -v2 CIPHER, with -v2prf hmacWithSHA512, -scrypt
// and -v1 PBE-SHA1-3DES; legacy.pem by openssl ec -aes256.
const publicKey = "4169a175bb199e08432e1ed0b50451979400e6e7ecb56a05e71d3ff520d5f319"

func TestKeysWithAPassphrase(t *testing.T) {
	for _, tt := range []struct{ file, passphrase, want string }{ // want: in the error; empty: it is read
		{"aes-128-cbc", "secret", ""},
		{"aes-256-cbc", "secret", ""},
		{"des3", "secret", ""},
		{"sha512", "secret", ""},
		{"legacy", "secret", ""},
		{"aes-256-cbc", "", "it has a passphrase: write that too"},
		{"legacy", "", "it has a passphrase"},
		{"aes-256-cbc", "Secret", "cannot be decrypted"},
		{"legacy", "Secret", "cannot be decrypted"},
		{"scrypt", "secret", "write it again with `openssl pkcs8 -topk8"},
		{"v1", "secret", "write it again with `openssl pkcs8 -topk8"},
	} {
		raw, err := os.ReadFile(filepath.Join("testdata/keys", tt.file+".pem"))
		if err != nil {
			t.Fatal(err)
		}
		clear, err := clearKey(raw, tt.passphrase)
		if err != nil || tt.want != "" {
			if err == nil || tt.want == "" || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("%s: %v, want %q", tt.file, err, tt.want)
			}
			continue
		}
		block, _ := pem.Decode(clear)
		var key any
		if block.Type == "PRIVATE KEY" {
			key, err = x509.ParsePKCS8PrivateKey(block.Bytes)
		} else {
			key, err = x509.ParseECPrivateKey(block.Bytes)
		}
		if err != nil {
			t.Errorf("%s: %v", tt.file, err)
			continue
		}
		der, err := x509.MarshalPKIXPublicKey(key.(crypto.Signer).Public())
		if sum := sha256.Sum256(der); err != nil || hex.EncodeToString(sum[:]) != publicKey {
			t.Errorf("%s: %v, another key came out", tt.file, err)
		}
	}
}

// A key without a passphrase is left as it is, whatever is configured.
func TestAKeyWithoutAPassphrase(t *testing.T) {
	raw := pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: []byte("x")})
	if clear, err := clearKey(raw, "secret"); err != nil || !bytes.Equal(clear, raw) {
		t.Errorf("%q, %v", clear, err)
	}
	if _, err := New(Config{Passphrase: "secret"}, quiet()); err == nil || !strings.Contains(err.Error(), "name the private key's file too") {
		t.Error(err)
	}
}

// A whole set, as a server uses it: its key is encrypted on the way.
func TestAServerWithAPassphrase(t *testing.T) {
	dir := t.TempDir()
	a := tlstest.New(t)
	cfg := issue(t, a, dir, "server", "srv.example")
	raw, err := os.ReadFile(cfg.Key)
	if err != nil {
		t.Fatal(err)
	}
	plain, _ := pem.Decode(raw)
	//lint:ignore SA1019 weak, and what people have
	b, err := x509.EncryptPEMBlock(zeros{}, "PRIVATE KEY", plain.Bytes, []byte("pass"), x509.PEMCipherAES256)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(cfg.Key, pem.EncodeToMemory(b), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := New(cfg, quiet()); err == nil || !strings.Contains(err.Error(), cfg.Key) {
		t.Error(err)
	}
	cfg.Passphrase, cfg.MinVersion = "pass", "1.3"
	s, err := New(cfg, quiet())
	if err != nil {
		t.Fatal(err)
	}
	c, err := New(Config{CA: a.WriteCA(t, filepath.Join(dir, "ca.crt"))}, quiet())
	if err != nil {
		t.Fatal(err)
	}
	client := c.Client("srv.example")
	if serverErr, clientErr := shake(t, s.Server(), client); serverErr != nil || clientErr != nil {
		t.Error(serverErr, clientErr)
	}
	client.MaxVersion = tls.VersionTLS12
	if serverErr, _ := shake(t, s.Server(), client); serverErr == nil {
		t.Error("TLS 1.2 is spoken with min_version 1.3")
	}
}

// zeros is a source of bytes for an initialization vector.
type zeros struct{}

func (zeros) Read(p []byte) (int, error) { return len(p), nil }

func FuzzKey(f *testing.F) {
	files, err := filepath.Glob("testdata/keys/*.pem")
	if err != nil || len(files) == 0 {
		f.Fatal(files, err)
	}
	for _, file := range files {
		raw, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		b, _ := pem.Decode(raw)
		f.Add(b.Bytes)
	}
	f.Fuzz(func(t *testing.T, der []byte) {
		if clear, err := decryptPKCS8(der, []byte("secret")); err == nil && len(clear) == 0 {
			t.Error("an empty key")
		}
	})
}

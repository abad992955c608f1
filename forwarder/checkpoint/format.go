package checkpoint

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"maps"
	"slices"
)

// The file, little-endian (docs/format.md):
//
//	8  magic "SLUICECP"
//	4  version, 1
//	4  number of entries
//	   entries, ascending by key: 2 key length, 4 value length, key, value
//	4  CRC32C of everything before
const (
	magic   = "SLUICECP"
	version = 1
	header  = 16
)

var errDamaged = errors.New("damaged")

func sum(p []byte) uint32 { return crc32.Checksum(p, crc32.MakeTable(crc32.Castagnoli)) }

func sorted(data map[string][]byte) []string { return slices.Sorted(maps.Keys(data)) }

// encode makes the file of data, whose keys are given in order.
func encode(keys []string, data map[string][]byte) []byte {
	size := header + 4
	for k, v := range data {
		size += 6 + len(k) + len(v)
	}
	dst := append(make([]byte, 0, size), magic...)
	dst = binary.LittleEndian.AppendUint32(dst, version)
	dst = binary.LittleEndian.AppendUint32(dst, uint32(len(data)))
	for _, k := range keys {
		v := data[k]
		dst = binary.LittleEndian.AppendUint16(dst, uint16(len(k)))
		dst = binary.LittleEndian.AppendUint32(dst, uint32(len(v)))
		dst = append(dst, k...)
		dst = append(dst, v...)
	}
	return binary.LittleEndian.AppendUint32(dst, sum(dst))
}

func decode(raw []byte) (map[string][]byte, error) {
	if len(raw) < header+4 || string(raw[:8]) != magic {
		return nil, errDamaged
	}
	body, crc := raw[:len(raw)-4], binary.LittleEndian.Uint32(raw[len(raw)-4:])
	if v := binary.LittleEndian.Uint32(raw[8:]); v > version {
		return nil, fmt.Errorf("its format is version %d and this program knows up to %d: run the newer program, or move the file away to read everything again", v, version)
	}
	if sum(body) != crc {
		return nil, errDamaged
	}
	n, p := binary.LittleEndian.Uint32(raw[12:]), body[header:]
	data := make(map[string][]byte, min(int(n), len(p)/6+1))
	for range n {
		if len(p) < 6 {
			return nil, errDamaged
		}
		kl, vl := int(binary.LittleEndian.Uint16(p)), int(binary.LittleEndian.Uint32(p[2:]))
		p = p[6:]
		if len(p) < kl+vl {
			return nil, errDamaged
		}
		data[string(p[:kl])] = append([]byte(nil), p[kl:kl+vl]...)
		p = p[kl+vl:]
	}
	if len(p) != 0 {
		return nil, errDamaged
	}
	return data, nil
}

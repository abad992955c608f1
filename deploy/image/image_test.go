package main

import (
	"archive/tar"
	"bytes"
	"errors"
	"io"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/registry"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/validate"
)

var opts = options{program: "sluice", version: "1.2.3", revision: "abc", created: time.Unix(1700000000, 0).UTC()}

// binaries writes two programs and returns the arguments that name them.
func binaries(t *testing.T) (args []string) {
	t.Helper()
	for _, arch := range []string{"arm64", "amd64"} {
		path := filepath.Join(t.TempDir(), "bin")
		if err := os.WriteFile(path, []byte("program for "+arch), 0o600); err != nil {
			t.Fatal(err)
		}
		args = append(args, arch+"="+path)
	}
	return args
}

func TestTheImageIsTheProgramAndNothingElse(t *testing.T) {
	out := t.TempDir()
	digest, err := run(opts, "localhost/sluice", out, "", false, binaries(t))
	if err != nil {
		t.Fatal(err)
	}
	index, err := layout.ImageIndexFromPath(filepath.Join(out, "oci"))
	if err != nil {
		t.Fatal(err)
	}
	if err := validate.Index(index); err != nil {
		t.Error(err)
	}
	if again, err := index.Digest(); err != nil || again != digest {
		t.Errorf("printed %s, wrote %s, %v", digest, again, err)
	}
	m, err := index.IndexManifest()
	if err != nil {
		t.Fatal(err)
	}
	var archs []string
	for _, d := range m.Manifests {
		archs = append(archs, d.Platform.Architecture)
		img, err := index.Image(d.Digest)
		if err != nil {
			t.Fatal(err)
		}
		checkImage(t, img, d.Platform.Architecture)
		if _, err := os.Stat(filepath.Join(out, "sluice-"+d.Platform.Architecture+".tar")); err != nil {
			t.Error(err)
		}
	}
	if strings.Join(archs, " ") != "amd64 arm64" {
		t.Errorf("architectures %v", archs)
	}
}

func checkImage(t *testing.T, img v1.Image, arch string) {
	t.Helper()
	cfg, err := img.ConfigFile()
	if err != nil {
		t.Fatal(err)
	}
	if cfg.Architecture != arch || cfg.Config.User != "65532:0" || cfg.Config.Entrypoint[0] != "/sluice" || cfg.Config.Labels["org.opencontainers.image.version"] != "1.2.3" {
		t.Errorf("configuration %+v", cfg)
	}
	r := mutate.Extract(img)
	defer r.Close()
	files := tar.NewReader(r)
	h, err := files.Next()
	if err != nil || h.Name != "sluice" || h.Mode != 0o555 {
		t.Fatalf("file %+v, %v", h, err)
	}
	if content, err := io.ReadAll(files); err != nil || !bytes.Equal(content, []byte("program for "+arch)) {
		t.Errorf("content %q, %v", content, err)
	}
	if h, err := files.Next(); !errors.Is(err, io.EOF) {
		t.Errorf("one more file: %+v, %v", h, err)
	}
}

func TestTheSameBytesEachTime(t *testing.T) {
	args := binaries(t)
	first, err := run(opts, "localhost/sluice", t.TempDir(), "", false, args)
	if err != nil {
		t.Fatal(err)
	}
	for what, o := range map[string]options{"same": opts, "other version": {program: "sluice", version: "2", revision: "abc", created: opts.created}} {
		second, err := run(o, "localhost/sluice", t.TempDir(), "", false, args)
		if err != nil {
			t.Fatal(err)
		}
		if (first == second) != (what == "same") {
			t.Errorf("%s: %s and %s", what, first, second)
		}
	}
}

func TestPush(t *testing.T) {
	s := httptest.NewServer(registry.New())
	defer s.Close()
	ref := strings.TrimPrefix(s.URL, "http://") + "/sluice:1"
	digest, err := run(opts, "localhost/sluice", t.TempDir(), ref, true, binaries(t))
	if err != nil {
		t.Fatal(err)
	}
	r, err := name.ParseReference(ref, name.Insecure)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := remote.Head(r); err != nil || got.Digest != digest {
		t.Errorf("the registry has %v, %v, want %s", got, err, digest)
	}
}

func TestWhatIsWrongWithTheCommandLine(t *testing.T) {
	for _, args := range [][]string{nil, {"amd64"}, {"amd64=/does/not/exist"}} {
		if _, err := run(opts, "localhost/sluice", t.TempDir(), "", false, args); err == nil {
			t.Errorf("%v: no error", args)
		}
	}
}

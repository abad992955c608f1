// Command image packs the static binary into container images without Docker:
// one for each architecture, and an index over them.
//
// Promise: an image holds one program and nothing else, runs it as user 65532 with
// group 0, and is the same, byte for byte, whenever it is made of the same
// binary, version and time.
//
//	image [-program sluice] -version V -revision R -created UNIX -out DIR amd64=PATH arm64=PATH
//
// DIR/oci is an OCI image layout; DIR/PROGRAM-ARCH.tar are archives for `docker
// load` and `ctr images import`. With -push REPOSITORY:TAG the index goes to a
// registry, with the credentials of the Docker configuration.
package main

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
)

func main() {
	var o options
	created := flag.Int64("created", 0, "when the source is of, Unix seconds")
	flag.StringVar(&o.version, "version", "dev", "version in the labels and the tag")
	flag.StringVar(&o.program, "program", "sluice", "name of the binary in the image, and of the archives")
	flag.StringVar(&o.revision, "revision", "unknown", "commit in the labels")
	repository := flag.String("repository", "localhost/sluice", "name in the archives")
	out := flag.String("out", "", "directory to write")
	push := flag.String("push", "", "REPOSITORY:TAG to push the index to")
	insecure := flag.Bool("insecure", false, "the registry to push to speaks plain HTTP")
	flag.Parse()
	o.created = time.Unix(*created, 0).UTC()
	digest, err := run(o, *repository, *out, *push, *insecure, flag.Args())
	if err != nil {
		fmt.Fprintln(os.Stderr, "image:", err)
		os.Exit(1)
	}
	fmt.Println(digest)
}

func run(o options, repository, out, push string, insecure bool, binaries []string) (v1.Hash, error) {
	if out == "" || len(binaries) == 0 {
		return v1.Hash{}, errors.New("say -out DIR and ARCH=PATH for each binary")
	}
	images := map[string]v1.Image{}
	for _, b := range binaries {
		arch, path, ok := strings.Cut(b, "=")
		if !ok {
			return v1.Hash{}, fmt.Errorf("%q is no ARCH=PATH", b)
		}
		binary, err := os.ReadFile(path)
		if err != nil {
			return v1.Hash{}, fmt.Errorf("cannot read the binary: %w", err)
		}
		if images[arch], err = pack(o, arch, binary); err != nil {
			return v1.Hash{}, fmt.Errorf("cannot make the image for %s: %w", arch, err)
		}
	}
	index := indexOf(images)
	if err := write(o, repository, out, images, index); err != nil {
		return v1.Hash{}, fmt.Errorf("cannot write the images: %w", err)
	}
	if push != "" {
		if err := pushTo(push, insecure, index); err != nil {
			return v1.Hash{}, fmt.Errorf("cannot push to %s: %w", push, err)
		}
	}
	return index.Digest()
}

func write(o options, repository, out string, images map[string]v1.Image, index v1.ImageIndex) error {
	dir := filepath.Join(out, "oci")
	if err := os.RemoveAll(dir); err != nil {
		return err
	}
	if _, err := layout.Write(dir, index); err != nil {
		return err
	}
	for arch, img := range images {
		tag, err := name.NewTag(repository + ":" + o.version)
		if err != nil {
			return err
		}
		if err := tarball.WriteToFile(filepath.Join(out, o.program+"-"+arch+".tar"), tag, img); err != nil {
			return err
		}
	}
	return nil
}

func pushTo(to string, insecure bool, index v1.ImageIndex) error {
	var how []name.Option
	if insecure {
		how = append(how, name.Insecure)
	}
	ref, err := name.ParseReference(to, how...)
	if err != nil {
		return err
	}
	return remote.WriteIndex(ref, index, remote.WithAuthFromKeychain(authn.DefaultKeychain))
}

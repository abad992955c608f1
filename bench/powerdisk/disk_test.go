package main

import (
	"bytes"
	"math/rand/v2"
	"slices"
	"strings"
	"syscall"
	"testing"
)

func file(t *testing.T, d *disk, dir *inode, name string) *inode {
	t.Helper()
	i, errno := d.create(dir, name, false)
	if errno != 0 {
		t.Fatal(errno)
	}
	return i
}

func content(t *testing.T, d *disk, i *inode) string {
	t.Helper()
	p := make([]byte, 1<<16)
	n, errno := d.read(i, p, 0)
	if errno != 0 {
		t.Fatal(errno)
	}
	return string(p[:n])
}

// TestWhatWasSyncedIsThere cuts the power under every seed: what was synced, and
// whose name was, is there, and the rest is now there and now not.
func TestWhatWasSyncedIsThere(t *testing.T) {
	seen := map[string]bool{}
	for seed := range uint64(200) {
		d := newDisk(0)
		sub, _ := d.create(d.root, "sub", true)
		i := file(t, d, sub, "a")
		d.write(i, []byte("kept"), 0)
		d.sync(i)
		d.syncDir(sub)
		d.syncDir(d.root)
		d.write(i, bytes.Repeat([]byte("x"), 3*sector), 4)
		nameless := file(t, d, sub, "b")
		d.write(nameless, []byte("b"), 0)
		d.sync(nameless)
		d.powerOff()
		if errno := d.write(i, []byte("y"), 0); errno != syscall.EIO {
			t.Fatal("written without power:", errno)
		}
		d.powerOn(seed)
		again, errno := d.lookup(sub, "a")
		if errno != 0 || again != i {
			t.Fatal("a name that was synced is gone:", errno)
		}
		got := content(t, d, i)
		if !strings.HasPrefix(got, "kept") {
			t.Fatalf("%q", got)
		}
		rest := got[4:]
		switch {
		case rest == "":
			seen["nothing"] = true
		case strings.Count(rest, "x") == 3*sector:
			seen["all"] = true
		case strings.Contains(strings.TrimRight(rest, "\x00"), "\x00"):
			seen["a hole"] = true
		default:
			seen["the beginning"] = true
		}
		_, errno = d.lookup(sub, "b")
		seen["the name: "+errno.Error()] = true
	}
	if len(seen) != 6 {
		t.Errorf("of six outcomes there were only %v", seen)
	}
}

// TestARenameHappensOrNot moves a name onto another: both are old, or both new.
func TestARenameHappensOrNot(t *testing.T) {
	seen := map[bool]bool{}
	for seed := range uint64(50) {
		d := newDisk(0)
		old, fresh := file(t, d, d.root, "a"), file(t, d, d.root, "a.tmp")
		d.syncDir(d.root)
		if errno := d.rename(d.root, "a.tmp", d.root, "a"); errno != 0 {
			t.Fatal(errno)
		}
		d.powerOff()
		d.powerOn(seed)
		i, _ := d.lookup(d.root, "a")
		names, _, _ := d.list(d.root)
		moved := i == fresh
		seen[moved] = true
		if want := [][]string{{"a", "a.tmp"}, {"a"}}[map[bool]int{true: 1}[moved]]; i != old && i != fresh || !slices.Equal(names, want) {
			t.Fatal(names)
		}
	}
	if len(seen) != 2 {
		t.Error("it was always the same")
	}
}

// TestASyncOfOneDirectorySettlesARenameIntoAnother in the order of what happened.
func TestASyncOfOneDirectorySettlesARenameIntoAnother(t *testing.T) {
	d := newDisk(0)
	to, _ := d.create(d.root, "to", true)
	d.syncDir(d.root)
	file(t, d, to, "a")
	moved := file(t, d, d.root, "a")
	d.rename(d.root, "a", to, "a")
	d.syncDir(d.root)
	d.powerOff()
	d.powerOn(rand.Uint64())
	if i, _ := d.lookup(to, "a"); i != moved {
		t.Error("what was there before has come back")
	}
}

func TestWhatCannotBe(t *testing.T) {
	d := newDisk(0)
	dir, _ := d.create(d.root, "dir", true)
	file(t, d, dir, "a")
	for name, errno := range map[string]syscall.Errno{
		"not empty": d.remove(d.root, "dir", true), "a directory": d.remove(d.root, "dir", false), "no directory": d.remove(dir, "a", true),
		"not there": d.remove(dir, "b", false), "not there either": d.rename(dir, "b", dir, "a"),
	} {
		if errno == 0 {
			t.Error(name, "was done")
		}
	}
	if _, errno := d.create(dir, "a", false); errno != syscall.EEXIST {
		t.Error("made again:", errno)
	}
}

// TestObey runs the commands of a harness.
func TestObey(t *testing.T) {
	var out strings.Builder
	obey(newDisk(0), strings.NewReader("off\non 7\nup\n"), &out)
	want := "off\n0 writes were not synced, 0 of 0 names\ncannot do \"up\": want off, or on SEED\n"
	if out.String() != want {
		t.Errorf("%q", out.String())
	}
}

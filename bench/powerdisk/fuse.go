package main

import (
	"os"
	"sync"
	"syscall"

	"github.com/hanwen/go-fuse/v2/fuse"
)

// bridge gives the disk to the kernel. The kernel keeps nothing of it: not
// names, not attributes, not bytes.
type bridge struct {
	fuse.RawFileSystem // refuses what is not here with ENOSYS
	disk               *disk

	mu    sync.Mutex
	nodes map[uint64]*node
	lists map[uint64]*listing // of open directories, by handle
	next  uint64              // handle
}

// node is an inode that the kernel knows.
type node struct {
	*inode
	looked uint64 // so often it was told of it
}

// listing is a directory as it was when it was opened.
type listing struct {
	names []string
	of    map[string]*inode
}

func newBridge(d *disk) *bridge {
	return &bridge{
		RawFileSystem: fuse.NewDefaultRawFileSystem(), disk: d,
		nodes: map[uint64]*node{fuse.FUSE_ROOT_ID: {d.root, 1}}, lists: map[uint64]*listing{},
	}
}

// node is what a request speaks of; the kernel names only what it knows.
func (b *bridge) node(id uint64) *inode {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.nodes[id].inode
}

// entry tells the kernel of an inode.
func (b *bridge) entry(i *inode, out *fuse.EntryOut) fuse.Status {
	if errno := b.attr(i, &out.Attr); errno != 0 {
		return fuse.Status(errno)
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	n := b.nodes[i.num]
	if n == nil {
		n = &node{inode: i}
		b.nodes[i.num] = n
	}
	n.looked++
	out.NodeId, out.Generation = i.num, 1
	return fuse.OK
}

func (b *bridge) Forget(id, times uint64) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if n := b.nodes[id]; n != nil && id != fuse.FUSE_ROOT_ID {
		if n.looked -= min(times, n.looked); n.looked == 0 {
			delete(b.nodes, id)
		}
	}
}

func (b *bridge) attr(i *inode, out *fuse.Attr) syscall.Errno {
	size, mtime, errno := b.disk.stat(i)
	out.Ino, out.Size, out.Blocks, out.Blksize = i.num, uint64(size), uint64(size+sector-1)/sector, 4096
	out.SetTimes(&mtime, &mtime, &mtime)
	out.Mode, out.Nlink = mode(i), 1
	out.Uid, out.Gid = uint32(os.Getuid()), uint32(os.Getgid())
	return errno
}

func mode(i *inode) uint32 {
	if i.isDir {
		return syscall.S_IFDIR | 0o700
	}
	return syscall.S_IFREG | 0o600
}

func (b *bridge) Lookup(_ <-chan struct{}, in *fuse.InHeader, name string, out *fuse.EntryOut) fuse.Status {
	i, errno := b.disk.lookup(b.node(in.NodeId), name)
	if errno != 0 {
		return fuse.Status(errno)
	}
	return b.entry(i, out)
}

func (b *bridge) GetAttr(_ <-chan struct{}, in *fuse.GetAttrIn, out *fuse.AttrOut) fuse.Status {
	return fuse.Status(b.attr(b.node(in.NodeId), &out.Attr))
}

func (b *bridge) SetAttr(_ <-chan struct{}, in *fuse.SetAttrIn, out *fuse.AttrOut) fuse.Status {
	i := b.node(in.NodeId)
	if size, ok := in.GetSize(); ok {
		if errno := b.disk.truncate(i, int64(size)); errno != 0 {
			return fuse.Status(errno)
		}
	}
	return fuse.Status(b.attr(i, &out.Attr)) // modes, owners and times are nobody's concern here
}

func (b *bridge) Mkdir(_ <-chan struct{}, in *fuse.MkdirIn, name string, out *fuse.EntryOut) fuse.Status {
	i, errno := b.disk.create(b.node(in.NodeId), name, true)
	if errno != 0 {
		return fuse.Status(errno)
	}
	return b.entry(i, out)
}

func (b *bridge) Create(_ <-chan struct{}, in *fuse.CreateIn, name string, out *fuse.CreateOut) fuse.Status {
	i, errno := b.disk.create(b.node(in.NodeId), name, false)
	if errno != 0 {
		return fuse.Status(errno)
	}
	out.OpenFlags = fuse.FOPEN_DIRECT_IO
	return b.entry(i, &out.EntryOut)
}

func (b *bridge) Unlink(_ <-chan struct{}, in *fuse.InHeader, name string) fuse.Status {
	return fuse.Status(b.disk.remove(b.node(in.NodeId), name, false))
}

func (b *bridge) Rmdir(_ <-chan struct{}, in *fuse.InHeader, name string) fuse.Status {
	return fuse.Status(b.disk.remove(b.node(in.NodeId), name, true))
}

func (b *bridge) Rename(_ <-chan struct{}, in *fuse.RenameIn, name, newName string) fuse.Status {
	if in.Flags != 0 {
		return fuse.EINVAL
	}
	return fuse.Status(b.disk.rename(b.node(in.NodeId), name, b.node(in.Newdir), newName))
}

func (b *bridge) Open(_ <-chan struct{}, in *fuse.OpenIn, out *fuse.OpenOut) fuse.Status {
	out.OpenFlags = fuse.FOPEN_DIRECT_IO
	if in.Flags&syscall.O_TRUNC != 0 {
		return fuse.Status(b.disk.truncate(b.node(in.NodeId), 0))
	}
	return fuse.OK
}

func (b *bridge) Read(_ <-chan struct{}, in *fuse.ReadIn, buf []byte) (fuse.ReadResult, fuse.Status) {
	n, errno := b.disk.read(b.node(in.NodeId), buf, int64(in.Offset))
	return fuse.ReadResultData(buf[:n]), fuse.Status(errno)
}

func (b *bridge) Write(_ <-chan struct{}, in *fuse.WriteIn, data []byte) (uint32, fuse.Status) {
	if errno := b.disk.write(b.node(in.NodeId), data, int64(in.Offset)); errno != 0 {
		return 0, fuse.Status(errno)
	}
	return uint32(len(data)), fuse.OK
}

func (b *bridge) Fsync(_ <-chan struct{}, in *fuse.FsyncIn) fuse.Status {
	return fuse.Status(b.disk.sync(b.node(in.NodeId)))
}

func (b *bridge) FsyncDir(_ <-chan struct{}, in *fuse.FsyncIn) fuse.Status {
	return fuse.Status(b.disk.syncDir(b.node(in.NodeId)))
}

func (b *bridge) Flush(<-chan struct{}, *fuse.FlushIn) fuse.Status { return fuse.OK }

func (b *bridge) Release(<-chan struct{}, *fuse.ReleaseIn) {}

func (b *bridge) OpenDir(_ <-chan struct{}, in *fuse.OpenIn, out *fuse.OpenOut) fuse.Status {
	names, of, errno := b.disk.list(b.node(in.NodeId))
	if errno != 0 {
		return fuse.Status(errno)
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.next++
	b.lists[b.next] = &listing{names, of}
	out.Fh = b.next
	return fuse.OK
}

func (b *bridge) ReadDir(_ <-chan struct{}, in *fuse.ReadIn, out *fuse.DirEntryList) fuse.Status {
	b.mu.Lock()
	l := b.lists[in.Fh]
	b.mu.Unlock()
	for at := int(in.Offset); at < len(l.names); at++ {
		i := l.of[l.names[at]]
		if !out.AddDirEntry(fuse.DirEntry{Name: l.names[at], Ino: i.num, Mode: mode(i), Off: uint64(at + 1)}) {
			break
		}
	}
	return fuse.OK
}

func (b *bridge) ReleaseDir(in *fuse.ReleaseIn) {
	b.mu.Lock()
	defer b.mu.Unlock()
	delete(b.lists, in.Fh)
}

func (b *bridge) StatFs(_ <-chan struct{}, _ *fuse.InHeader, out *fuse.StatfsOut) fuse.Status {
	const blocks = 1 << 20
	out.Bsize, out.Frsize, out.Blocks, out.Bfree, out.Bavail, out.NameLen = 4096, 4096, blocks, blocks, blocks, 255
	return fuse.OK
}

// mount mounts the disk at dir.
func mount(d *disk, dir string) (*fuse.Server, error) {
	s, err := fuse.NewServer(newBridge(d), dir, &fuse.MountOptions{
		FsName: "powerdisk", Name: "powerdisk", DirectMount: true, DisableXAttrs: true, DisableReadDirPlus: true,
	})
	if err != nil {
		return nil, err
	}
	go s.Serve()
	return s, s.WaitMount()
}

// unmount takes the disk away, also from those who have files of it open.
func unmount(s *fuse.Server, dir string) error {
	if syscall.Unmount(dir, syscall.MNT_DETACH) == nil {
		s.Wait()
		return nil
	}
	return s.Unmount() // without root the kernel wants to be asked by fusermount
}

package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"sluice/agent"
	"sluice/forwarder/buffer/vfs"
	"sluice/forwarder/buffer/wal"
)

func bufferAdopt(p program) *cobra.Command {
	into := ""
	cmd := &cobra.Command{
		Use:   "adopt --into LANE LANE|FILE...",
		Short: "Give what waits to another output",
		Long: `Give what waits for an output that is not configured any more, or an exported
file, to another output: its agent sends it after the next start. The agent must
not be running. The output must be of the same kind and settings: what waits is
encoded. A lane's files are moved, and so are its damaged ones; an exported file
is copied.`,
	}
	flags := newBufferFlags(p, cmd)
	cmd.Flags().StringVar(&into, "into", "", "directory name of the output that takes it")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if into == "" || into != filepath.Base(into) || len(args) == 0 {
			return usageError{"write adopt --into LANE, and the lanes or files it takes"}
		}
		data, err := flags.dataDir()
		if err != nil {
			return err
		}
		release, err := agent.Hold(data)
		if err != nil {
			return err
		}
		defer release()
		list, err := flags.files(args)
		if err != nil {
			return err
		}
		to := filepath.Join(bufferDir(data), into)
		for i := range list {
			if err := adopt(&list[i], bufferDir(data), to); err != nil {
				return err
			}
			fmt.Fprintf(cmd.OutOrStdout(), "%s: %d records for %s\n", list[i].Path, list[i].Records, into)
		}
		return nil
	}
	return cmd
}

// adopt moves or copies one file into a lane's directory.
func adopt(f *found, buffers, to string) error {
	if f.Err != nil {
		return fmt.Errorf("cannot adopt %s: %w", f.Path, f.Err)
	}
	own := filepath.Dir(filepath.Dir(f.Path)) == filepath.Clean(buffers)
	if own && filepath.Dir(f.Path) == to {
		return fmt.Errorf("cannot adopt %s: it is there already", f.Path)
	}
	path, err := wal.NextPath(vfs.OS{}, to)
	if err != nil {
		return err
	}
	if !own {
		_, _, err := wal.Export(vfs.OS{}, path, []wal.Look{f.Look})
		return err
	}
	if err := (vfs.OS{}).Rename(f.Path, path); err != nil {
		return fmt.Errorf("cannot adopt: %w", err)
	}
	from := filepath.Dir(f.Path)
	err = errors.Join(vfs.OS{}.SyncDir(to), vfs.OS{}.SyncDir(from))
	if left, _ := os.ReadDir(from); len(left) == 0 {
		err = errors.Join(err, os.Remove(from))
	}
	return err
}

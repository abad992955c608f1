package main

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"sluice/event"
	"sluice/forwarder/buffer/vfs"
	"sluice/forwarder/buffer/wal"
)

func bufferCommand(p program) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "buffer",
		Short: "Look at what waits on the disk for an output, check it, or move it",
		Long: `Look at what waits on the disk for an output, check it, or move it. All but adopt
only read, and the agent may be running. The directory is that of the settings:
--config FILE as for run, or --data-dir DIR alone.

A LANE is an output's directory, as ls shows it; a FILE is one of its files.`,
		Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			return usageError{"buffer needs a subcommand: ls, cat, verify, export or adopt"}
		},
	}
	cmd.AddCommand(bufferList(p), bufferCat(p), bufferVerify(p), bufferExport(p), bufferAdopt(p))
	return cmd
}

// bufferFlags are the flags that all subcommands have.
type bufferFlags struct {
	p    program
	cmd  *cobra.Command
	file string
}

func newBufferFlags(p program, cmd *cobra.Command) *bufferFlags {
	f := &bufferFlags{p: p, cmd: cmd}
	cmd.Flags().StringVar(&f.file, "config", "", "settings file")
	settingsFlags(cmd, p)
	return f
}

// dataDir is the data directory that the settings name; they need not be whole.
func (f *bufferFlags) dataDir() (string, error) {
	settings, _, problems := f.p.read(f.cmd, f.file)
	fmt.Fprint(f.cmd.ErrOrStderr(), problems)
	if problems.Bad() {
		return "", errFound
	}
	return f.p.dataDir(settings), nil
}

// found is one file of a lane.
type found struct {
	lane string
	wal.Look
}

// files are the files of the lanes and files named; of all lanes if none is.
func (f *bufferFlags) files(args []string) (list []found, err error) {
	data, err := f.dataDir()
	if err != nil {
		return nil, err
	}
	dir := bufferDir(data)
	lanes, err := wal.Lanes(vfs.OS{}, dir)
	if err != nil && len(args) == 0 {
		return nil, err
	}
	if len(args) == 0 {
		args = lanes
	}
	for _, arg := range args {
		if !slices.Contains(lanes, arg) {
			if _, ok := wal.Sequence(filepath.Base(arg)); !ok {
				return nil, usageError{fmt.Sprintf("%q is no lane of %s (%s), and no file of one", arg, dir, strings.Join(lanes, ", "))}
			}
			list = append(list, found{filepath.Base(filepath.Dir(arg)), wal.Inspect(vfs.OS{}, arg)})
			continue
		}
		looks, err := wal.Survey(vfs.OS{}, filepath.Join(dir, arg))
		if err != nil {
			return nil, err
		}
		for _, l := range looks {
			list = append(list, found{arg, l})
		}
	}
	return list, nil
}

func bufferDir(data string) string { return filepath.Join(data, "buffer") }

func bufferCat(p program) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "cat [LANE|FILE...]",
		Short: "Print what waits, as it will be sent",
	}
	flags := newBufferFlags(p, cmd)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		list, err := flags.files(args)
		if err != nil {
			return err
		}
		bad := false
		for i := range list {
			if list[i].Err != nil {
				fmt.Fprintf(cmd.ErrOrStderr(), "%s: %v\n", list[i].Path, list[i].Err)
				bad = true
				continue
			}
			err := list[i].Each(vfs.OS{}, func(_ string, b *event.Block, err error) error {
				if err != nil {
					fmt.Fprintln(cmd.ErrOrStderr(), err)
					bad = true
					return nil
				}
				_, err = cmd.OutOrStdout().Write(b.Body)
				return err
			})
			if err != nil {
				return err
			}
		}
		if bad {
			return errFound
		}
		return nil
	}
	return cmd
}

func bufferExport(p program) *cobra.Command {
	to := ""
	cmd := &cobra.Command{
		Use:   "export --to FILE [LANE|FILE...]",
		Short: "Write what waits into one file, for adopt elsewhere",
		Long: `Write what waits into one file that buffer adopt takes on this or another node.
Nothing is removed. The output's kind and settings there must be the same: what
is exported is encoded.`,
	}
	flags := newBufferFlags(p, cmd)
	cmd.Flags().StringVar(&to, "to", "", "the new file")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if to == "" {
			return usageError{"say where to: --to FILE"}
		}
		list, err := flags.files(args)
		if err != nil {
			return err
		}
		var looks []wal.Look
		skipped := 0
		for _, f := range list {
			if f.Err != nil {
				fmt.Fprintf(cmd.ErrOrStderr(), "%s: %v\n", f.Path, f.Err)
				skipped++
				continue
			}
			looks = append(looks, f.Look)
		}
		blocks, unread, err := wal.Export(vfs.OS{}, to, looks)
		if err != nil {
			return err
		}
		fmt.Fprintf(cmd.OutOrStdout(), "%d blocks exported\n", blocks)
		if unread+skipped > 0 {
			fmt.Fprintf(cmd.ErrOrStderr(), "%d blocks and %d files could not be read\n", unread, skipped)
			return errFound
		}
		return nil
	}
	return cmd
}

package main

import (
	"encoding/json"
	"fmt"
	"path/filepath"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"sluice/event"
	"sluice/forwarder/buffer/vfs"
)

// listed is a file of the buffer as it is printed in JSON.
type listed struct {
	Lane    string     `json:"lane"`
	File    string     `json:"file"`
	State   string     `json:"state"` // open, sealed, damaged, set aside, newer, unusable
	Bytes   int64      `json:"bytes"`
	Blocks  int        `json:"blocks"`
	Records uint64     `json:"records"`
	Acked   int        `json:"answered_blocks"`
	Oldest  *time.Time `json:"oldest,omitempty"`
	Torn    int64      `json:"unfinished_bytes"`
	Lost    int64      `json:"lost_bytes"`
	Error   string     `json:"error,omitempty"`
}

func listedOf(f *found) listed {
	l := listed{
		Lane: f.lane, File: f.Path, State: f.State(), Bytes: f.Bytes, Blocks: f.Blocks, Records: f.Records,
		Acked: f.Acked, Torn: f.Torn, Lost: f.Lost,
	}
	if f.Oldest != 0 {
		t := f.Since()
		l.Oldest = &t
	}
	if f.Err != nil {
		l.Error = f.Err.Error()
	}
	return l
}

func bufferList(p program) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "ls [LANE|FILE...]",
		Short: "List the files, with what waits in them",
	}
	flags := newBufferFlags(p, cmd)
	asJSON := formatFlag(cmd)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		inJSON, err := asJSON()
		if err != nil {
			return err
		}
		list, err := flags.files(args)
		if err != nil {
			return err
		}
		if len(list) == 0 && !inJSON {
			fmt.Fprintln(cmd.ErrOrStderr(), "nothing waits on the disk")
			return nil
		}
		out, rows := json.NewEncoder(cmd.OutOrStdout()), tabwriter.NewWriter(cmd.OutOrStdout(), 0, 8, 2, ' ', 0)
		defer rows.Flush()
		if !inJSON {
			fmt.Fprintln(rows, "LANE\tFILE\tSTATE\tBYTES\tBLOCKS\tRECORDS\tANSWERED\tOLDEST")
		}
		for i := range list {
			l := listedOf(&list[i])
			if inJSON {
				if err := out.Encode(l); err != nil {
					return err
				}
				continue
			}
			oldest := ""
			if l.Oldest != nil {
				oldest = l.Oldest.Local().Format(time.RFC3339)
			}
			fmt.Fprintf(rows, "%s\t%s\t%s\t%d\t%d\t%d\t%d\t%s\n", clean(l.Lane), filepath.Base(l.File), l.State, l.Bytes, l.Blocks, l.Records, l.Acked, dash(oldest))
		}
		return nil
	}
	return cmd
}

func bufferVerify(p program) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "verify [LANE|FILE...]",
		Short: "Read everything and name what is damaged",
		Long: `Read everything and name what is damaged: status 1 if anything is. A commit that
is not finished is no damage: nothing in it was acknowledged.`,
	}
	flags := newBufferFlags(p, cmd)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		list, err := flags.files(args)
		if err != nil {
			return err
		}
		bad := 0
		say := func(format string, a ...any) {
			bad++
			fmt.Fprintf(cmd.OutOrStdout(), format+"\n", a...)
		}
		blocks, records := 0, uint64(0)
		for i := range list {
			f := &list[i]
			if f.Err != nil {
				say("%s: %v", f.Path, f.Err)
				continue
			}
			if f.Lost > 0 {
				say("%s: damaged: %d bytes cannot be read", f.Path, f.Lost)
			}
			err := f.Each(vfs.OS{}, func(_ string, b *event.Block, err error) error {
				if err != nil {
					say("%v", err)
					return nil
				}
				blocks++
				records += uint64(b.Weight())
				return nil
			})
			if err != nil {
				return err
			}
		}
		fmt.Fprintf(cmd.ErrOrStderr(), "%d files, %d blocks with %d records are whole; %d problems\n", len(list), blocks, records, bad)
		if bad > 0 {
			return errFound
		}
		return nil
	}
	return cmd
}

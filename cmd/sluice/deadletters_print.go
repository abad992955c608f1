package main

import (
	"encoding/json"
	"fmt"
	"io"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/spf13/cobra"

	"sluice/forwarder/deadletter"
)

// sighting is what is known of one document that was refused, maybe more than
// once: after a crash what was not yet answered for is read, and refused, again.
type sighting struct {
	first time.Time
	times int
	last  string // name of the latest letter
}

// shown is a letter as it is printed in JSON.
type shown struct {
	Name      string    `json:"name"`
	FirstSeen time.Time `json:"first_seen"`
	Times     int       `json:"times"`
	*deadletter.Letter
}

// eachLetter calls f with the letters that match, one for each document of an
// output, in the order in which they were refused last.
func eachLetter(dir string, filter *deadletter.Filter, f func(shown) error) error {
	seen := map[string]sighting{}
	key := func(e *deadletter.Entry) string {
		if e.ID == "" {
			return e.Name()
		}
		return e.Lane + " " + e.ID
	}
	err := deadletter.Scan(dir, func(e *deadletter.Entry) error {
		s := seen[key(e)]
		if s.times == 0 {
			s.first = e.Time
		}
		s.times++
		s.last = e.Name()
		seen[key(e)] = s
		return nil
	})
	if err != nil {
		return err
	}
	return deadletter.Scan(dir, func(e *deadletter.Entry) error {
		s := seen[key(e)]
		if s.last != e.Name() || !filter.Match(e) {
			return nil
		}
		return f(shown{e.Name(), s.first, s.times, &e.Letter})
	})
}

func deadLettersList(p program) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "ls [ID|NAME...]",
		Short: "List letters, the oldest first",
	}
	flags := newLetterFlags(p, cmd)
	asJSON := formatFlag(cmd)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		inJSON, err := asJSON()
		if err != nil {
			return err
		}
		filter, err := flags.filter(args)
		if err != nil {
			return err
		}
		dir, err := flags.dir()
		if err != nil {
			return err
		}
		out := tabwriter.NewWriter(cmd.OutOrStdout(), 0, 8, 2, ' ', 0)
		list := json.NewEncoder(cmd.OutOrStdout())
		n := 0
		err = eachLetter(dir, filter, func(s shown) error {
			if n++; inJSON {
				s.Item, s.ItemBytes = "", nil
				return list.Encode(s)
			}
			if n == 1 {
				fmt.Fprintln(out, "NAME\tFIRST SEEN\tTIMES\tFROM\tINDEX\tID\tSTATUS\tTYPE\tREASON")
			}
			_, err := fmt.Fprintf(out, "%s\t%s\t%d\t%s\t%s\t%s\t%d\t%s\t%s\n", s.Name, s.FirstSeen.Local().Format(time.RFC3339), s.Times,
				clean(s.Lane+s.Input), dash(s.Key), dash(s.ID), s.Status, dash(s.Type), short(s.Reason))
			return err
		})
		out.Flush()
		if n == 0 && err == nil && !inJSON {
			fmt.Fprintln(cmd.ErrOrStderr(), "no dead letters")
		}
		return err
	}
	return cmd
}

func deadLettersShow(p program) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "show ID|NAME...",
		Short: "Show letters with their document",
		Long: `Show letters with their document: of text, what an operator reads first; in
JSON, all of it, one object a line.`,
	}
	flags := newLetterFlags(p, cmd)
	asJSON := formatFlag(cmd)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		inJSON, err := asJSON()
		if err != nil {
			return err
		}
		filter, err := flags.some(args, false)
		if err != nil {
			return err
		}
		dir, err := flags.dir()
		if err != nil {
			return err
		}
		list, n := json.NewEncoder(cmd.OutOrStdout()), 0
		list.SetEscapeHTML(false)
		err = eachLetter(dir, filter, func(s shown) error {
			if n++; inJSON {
				return list.Encode(s)
			}
			return printLetter(cmd.OutOrStdout(), &s)
		})
		if err == nil && n == 0 {
			fmt.Fprintln(cmd.ErrOrStderr(), "no such letter")
			return errFound
		}
		return err
	}
	return cmd
}

func printLetter(out io.Writer, s *shown) error {
	for _, line := range [][2]string{
		{"name", s.Name},
		{"first seen", s.FirstSeen.Format(time.RFC3339Nano)},
		{"last seen", s.Time.Format(time.RFC3339Nano) + ", " + strconv.Itoa(s.Times) + " times in all"},
		{"output", s.Lane},
		{"input", s.Input},
		{"peer", s.Peer},
		{"index", s.Key},
		{"tag", s.Tag},
		{"id", s.ID},
		{"position", strconv.FormatUint(s.Position, 10)},
		{"status", strconv.Itoa(s.Status)},
		{"type", s.Type},
		{"reason", s.Reason},
	} {
		if line[1] != "" {
			fmt.Fprintf(out, "%-10s  %s\n", line[0], clean(line[1]))
		}
	}
	for text := range strings.Lines(string(s.Bytes())) {
		fmt.Fprintf(out, "    %s\n", clean(strings.TrimSuffix(text, "\n")))
	}
	_, err := fmt.Fprintln(out)
	return err
}

func printOutcome(out io.Writer, o deadletter.Outcome, inJSON bool) {
	if inJSON {
		json.NewEncoder(out).Encode(o)
		return
	}
	fmt.Fprintf(out, "%d sent", o.Sent)
	for _, x := range []struct {
		n    int
		what string
	}{
		{o.Refused, "refused again"},
		{o.Failed, "not answered for in time"},
		{o.Raw, "without a document to send"},
		{o.Unknown, "of an output that the settings do not have"},
	} {
		if x.n > 0 {
			fmt.Fprintf(out, ", %d %s", x.n, x.what)
		}
	}
	fmt.Fprintln(out)
}

// clean shows what would move a terminal's cursor, or worse, as an escape: log
// content may come from anybody.
func clean(text string) string {
	bad := func(r rune) bool { return r == utf8.RuneError || !unicode.IsPrint(r) }
	if strings.IndexFunc(text, bad) < 0 {
		return text
	}
	quoted := strconv.Quote(text)
	return strings.ReplaceAll(quoted[1:len(quoted)-1], `\"`, `"`)
}

func dash(text string) string {
	if text == "" {
		return "-"
	}
	return clean(text)
}

func short(text string) string {
	text = dash(text)
	if r := []rune(text); len(r) > 80 {
		return string(r[:77]) + "..."
	}
	return text
}

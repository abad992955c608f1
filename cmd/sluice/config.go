package main

import (
	"fmt"
	"io"
	"os"

	"github.com/spf13/cobra"

	"sluice/conf"
	"sluice/conf/fluent"
)

func configCommand(p program) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "config",
		Short: "Look at the configuration",
		Args:  cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			return usageError{"config needs a subcommand: show or parse"}
		},
	}
	cmd.AddCommand(configShowCommand(p), configParseCommand())
	return cmd
}

func configShowCommand(p program) *cobra.Command {
	var as string
	cmd := &cobra.Command{
		Use:   "show [FILE]",
		Short: "Print the effective configuration with every default",
		Long: `Print the effective configuration as a settings file: every setting, and in a
comment where its value came from. Secrets are masked. Without FILE it is what
run would use.

A FILE in one of Fluentd's languages is printed in the same one, with what it
includes; --as writes it in the other one.`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			file := ""
			if len(args) > 0 {
				file = args[0]
			}
			if as != "" && as != "fluent" && as != "yaml" {
				return usageError{fmt.Sprintf("--as is %q: write fluent or yaml", as)}
			}
			settings, t, err := p.loadGood(cmd, file)
			if err != nil {
				return err
			}
			if root, syntax, _ := parseFluentd(file, "0"); root != nil && p.tree != nil {
				return showTree(cmd.OutOrStdout(), root, as == "yaml" || as == "" && syntax == fluent.YAML)
			}
			if as == "fluent" {
				return fmt.Errorf("cannot write a settings file as fluent.conf: it says more than that can")
			}
			return conf.Show(cmd.OutOrStdout(), t, settings)
		},
	}
	cmd.Flags().StringVar(&as, "as", "", "fluent or yaml: the language of Fluentd's to write")
	_ = cmd.RegisterFlagCompletionFunc("as", cobra.FixedCompletions([]string{"fluent", "yaml"}, cobra.ShellCompDirectiveNoFileComp))
	settingsFlags(cmd, p)
	return cmd
}

func showTree(w io.Writer, root *conf.Element, yaml bool) error {
	text := fluent.Write(root)
	if yaml {
		text = fluent.WriteYAML(root)
	}
	if _, err := io.WriteString(w, text); err != nil {
		return fmt.Errorf("cannot write the configuration: %w", err)
	}
	return nil
}

func configParseCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "parse FILE",
		Short: "Print the tree of a fluent.conf or of Fluentd's YAML",
		Long: `Print the tree that Fluentd's own parser makes of a fluent.conf, or of Fluentd's
YAML, with what it includes, in this environment. As text it is a fluent.conf
with everything in its place; with --format json it is name, arg, params and
sections of each element, null for use_nil and {"$use_default":true} for
use_default; only there secrets are not masked. Problems are on standard error.`,
		Args: cobra.ExactArgs(1),
	}
	asJSON := formatFlag(cmd)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		inJSON, err := asJSON()
		if err != nil {
			return err
		}
		data, err := os.ReadFile(args[0])
		if err != nil {
			return fmt.Errorf("cannot read the configuration: %w", err)
		}
		root, problems := fluent.Parse(args[0], data, fluent.Options{})
		fmt.Fprint(cmd.ErrOrStderr(), problems)
		switch {
		case problems.Bad():
			return errFound
		case inJSON:
			_, err = cmd.OutOrStdout().Write(fluent.TreeJSON(root))
		default:
			_, err = io.WriteString(cmd.OutOrStdout(), fluent.Write(root))
		}
		if err != nil {
			return fmt.Errorf("cannot write the tree: %w", err)
		}
		return nil
	}
	return cmd
}

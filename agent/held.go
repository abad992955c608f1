package agent

import (
	"log/slog"
	"path/filepath"

	"sluice/forwarder/buffer/held"
	"sluice/forwarder/buffer/vfs"
)

// openHeld opens the store of records that joins hold open.
func openHeld(dataDir string, log *slog.Logger) *held.Store {
	dir := filepath.Join(dataDir, held.Dir)
	store, report := held.Open(held.Options{FS: vfs.OS{}, Dir: dir, Log: log})
	for _, p := range report.Problems {
		log.Error("a file of held records cannot be used as it is", "file", p.Path, "error", p.Err)
	}
	return store
}

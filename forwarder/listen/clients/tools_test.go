package clients_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"time"
)

// absent is why a client cannot be had here.
type absent struct{ reason string }

func (a absent) Error() string { return a.reason }

// cache is where clients are installed, once.
func cache() (string, error) {
	if dir := os.Getenv("SLUICE_CACHE"); dir != "" {
		return filepath.Join(dir, "clients"), nil
	}
	dir, err := os.UserCacheDir()
	return filepath.Join(dir, "sluice", "clients"), err
}

// install makes a directory of a client from a list of packages, unless there
// is one made of the same list. Registries fail now and then: it tries thrice.
func install(list string, tools []string, steps func(dir string) [][]string) (string, error) {
	for _, tool := range tools {
		if _, err := exec.LookPath(tool); err != nil {
			return "", absent{tool + " is not installed"}
		}
	}
	raw, err := os.ReadFile(list)
	if err != nil {
		return "", err
	}
	base, err := cache()
	if err != nil {
		return "", err
	}
	dir := filepath.Join(base, fmt.Sprintf("%s-%.8x", filepath.Dir(list), sha256.Sum256(raw)))
	done := filepath.Join(dir, "installed")
	if _, err := os.Stat(done); err == nil {
		return dir, nil
	}
	for range 3 {
		if err = build(dir, list, raw, steps(dir)); err == nil {
			return dir, os.WriteFile(done, nil, 0o600)
		}
	}
	return "", absent{"its packages cannot be installed: " + err.Error()}
}

func build(dir, list string, raw []byte, steps [][]string) error {
	if err := os.RemoveAll(dir); err != nil {
		return err
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(dir, filepath.Base(list)), raw, 0o600); err != nil {
		return err
	}
	for _, s := range steps {
		if err := execute(3*time.Minute, dir, nil, s...); err != nil {
			return err
		}
	}
	return nil
}

// execute runs a command for at most so long; an error has the last of what it
// said.
func execute(most time.Duration, dir string, env []string, args ...string) error {
	ctx, cancel := context.WithTimeout(context.Background(), most)
	defer cancel()
	cmd := exec.CommandContext(ctx, args[0], args[1:]...)
	cmd.Dir, cmd.Env, cmd.WaitDelay = dir, append(os.Environ(), env...), 10*time.Second
	out, err := cmd.CombinedOutput()
	if ctx.Err() != nil {
		err = fmt.Errorf("not done after %v", most)
	}
	if err != nil {
		out = bytes.TrimSpace(out)
		return fmt.Errorf("%s: %w: %s", strings.Join(args[:min(len(args), 3)], " "), err, out[max(0, len(out)-300):])
	}
	return nil
}

// goProgram builds a program of ours.
func goProgram(dir, pkg string) (string, error) {
	path := filepath.Join(dir, filepath.Base(pkg))
	return path, execute(10*time.Minute, "", []string{"CGO_ENABLED=0"}, "go", "build", "-o", path, pkg)
}

// tool is how a client is started, or why it cannot be.
type tool struct {
	args, env []string
	err       error
}

// prepare makes the tools ready, side by side.
func prepare(dir string) map[string]tool {
	list := map[string]tool{}
	var mu sync.Mutex
	var wg sync.WaitGroup
	for name, ready := range map[string]func(dir string) tool{"go": goClient, "python": pythonClient, "node": nodeClient, "jvm": jvmClient} {
		wg.Go(func() {
			made := ready(dir)
			mu.Lock()
			defer mu.Unlock()
			list[name] = made
		})
	}
	wg.Wait()
	return list
}

func goClient(dir string) tool {
	path, err := goProgram(dir, "./go")
	return tool{args: []string{path}, err: err}
}

func pythonClient(string) tool {
	dir, err := install("python/requirements.txt", []string{"python3"}, func(dir string) [][]string {
		return [][]string{{"python3", "-m", "venv", dir}, {dir + "/bin/pip", "-q", "install", "-r", dir + "/requirements.txt"}}
	})
	return tool{args: []string{dir + "/bin/python", "python/send.py"}, err: err}
}

func nodeClient(string) tool {
	dir, err := install("node/package.json", []string{"node", "npm"}, func(string) [][]string {
		return [][]string{{"npm", "install", "--silent", "--no-audit", "--no-fund"}}
	})
	return tool{args: []string{"node", "node/send.js"}, env: []string{"NODE_PATH=" + dir + "/node_modules"}, err: err}
}

func jvmClient(string) tool {
	dir, err := install("jvm/pom.xml", []string{"java", "javac", "mvn"}, func(dir string) [][]string {
		return [][]string{{"mvn", "-q", "-B", "-Dstyle.color=never", "dependency:copy-dependencies", "-DoutputDirectory=" + dir + "/lib"}}
	})
	return tool{args: []string{"java", "-Dorg.slf4j.simpleLogger.defaultLogLevel=error", "-cp", dir + "/lib/*", "jvm/Send.java"}, err: err}
}

package page

import (
	"bytes"
	"context"
	"fmt"
	"image"
	"image/png"
	"net/http/httptest"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// browser starts a headless Chromium with a profile of its own; complaints are
// what its console says, as about a violated Content-Security-Policy.
func browser(t *testing.T) (ctx context.Context, complaints func() []string) {
	t.Helper()
	path := ""
	for _, name := range []string{"/usr/bin/chromium", "chromium", "chromium-browser", "google-chrome"} {
		if p, err := exec.LookPath(name); err == nil {
			path = p
			break
		}
	}
	if path == "" {
		t.Skip("there is no chromium or google-chrome in PATH")
	}
	opts := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(path), chromedp.UserDataDir(t.TempDir()), chromedp.NoSandbox, chromedp.DisableGPU,
		chromedp.Flag("disable-quic", true), chromedp.Flag("disable-component-update", true), chromedp.Flag("disable-background-networking", true),
		chromedp.WindowSize(1280, 800))
	alloc, cancelAlloc := chromedp.NewExecAllocator(context.Background(), opts...) // t.Context ends before Cleanup
	t.Cleanup(cancelAlloc)
	tab, cancelTab := chromedp.NewContext(alloc)
	t.Cleanup(func() {
		// Waits for the browser's end, so that its profile can be removed.
		if err := chromedp.Cancel(tab); err != nil {
			t.Log("the browser's end:", err)
		}
		cancelTab()
	})
	var mu sync.Mutex
	var said []string
	chromedp.ListenTarget(tab, func(ev any) {
		mu.Lock()
		defer mu.Unlock()
		switch e := ev.(type) {
		case *log.EventEntryAdded:
			said = append(said, e.Entry.Text+" "+e.Entry.URL)
		case *runtime.EventExceptionThrown:
			said = append(said, e.ExceptionDetails.Error())
		}
	})
	if err := chromedp.Run(tab); err != nil { // the first Run's context is the browser's life
		t.Fatalf("cannot start %s: %v", path, err)
	}
	ctx, cancel := context.WithTimeout(tab, 60*time.Second)
	t.Cleanup(cancel)
	return ctx, func() []string {
		mu.Lock()
		defer mu.Unlock()
		return append([]string(nil), said...)
	}
}

// until waits for a JavaScript expression to be true.
func until(expr string, args ...any) chromedp.Action {
	expr = "!!(" + fmt.Sprintf(expr, args...) + ")"
	return chromedp.ActionFunc(func(ctx context.Context) error {
		ctx, cancel := context.WithTimeout(ctx, time.Minute)
		defer cancel()
		// A page that is just being left has no document to ask: ask again.
		for {
			var ok bool
			err := chromedp.Evaluate(expr, &ok).Do(ctx)
			if err == nil && ok {
				return nil
			}
			select {
			case <-ctx.Done():
				return fmt.Errorf("still not true: %s (%v)", expr, err)
			case <-time.After(10 * time.Millisecond):
			}
		}
	})
}

func do(t *testing.T, ctx context.Context, what string, actions ...chromedp.Action) {
	t.Helper()
	if err := chromedp.Run(ctx, actions...); err != nil {
		var at string
		_ = chromedp.Run(ctx, chromedp.Evaluate(`location.href + "\n" + document.activeElement.outerHTML.slice(0, 300) + "\n" + document.body.innerText.slice(0, 1500)`, &at))
		t.Fatalf("%s: %v\nthe page: %s", what, err, at)
	}
}

// press types characters as a keyboard does: what a handler of the key down
// prevents is not typed. (KeyEvent sends both events whatever happens.)
func press(keys string) chromedp.Action {
	return chromedp.ActionFunc(func(ctx context.Context) error {
		for _, k := range strings.Split(keys, "") {
			if err := input.DispatchKeyEvent(input.KeyDown).WithKey(k).WithText(k).Do(ctx); err != nil {
				return err
			}
			if err := input.DispatchKeyEvent(input.KeyUp).WithKey(k).Do(ctx); err != nil {
				return err
			}
		}
		return nil
	})
}

const focused = `document.activeElement.closest('.row')?.dataset.key`

func TestBrowser(t *testing.T) {
	ctx, complaints := browser(t)
	s := some(t)
	doc := container("payments", "worker-1", "error", "payment failed\n\tat first\n\tat second")
	doc["stream"] = "stderr"
	put(t, s, "failed", noon.Add(-time.Millisecond), doc)
	srv := httptest.NewServer(newPage(t, s))
	defer srv.Close()
	// The live tail lasts as long as its connection; Close would wait for it.
	defer srv.CloseClientConnections()

	do(t, ctx, "load", chromedp.Navigate(srv.URL), until(`document.querySelectorAll('.row').length === 100 && !document.getElementById('live').hidden`))
	do(t, ctx, "search by keyboard", press("/"), until(`document.activeElement.id === 'q'`),
		chromedp.KeyEvent("namespace:payments and failed"+kb.Enter), until(`document.getElementById('hits')?.textContent === '1'`),
		until(`location.search.includes('q=namespace') && document.readyState === 'complete' && !document.getElementById('live').hidden`))
	do(t, ctx, "errors are marked by words", until(`document.querySelector('.row .lv').textContent === 'error' && document.querySelector('.row .tag').textContent === 'stderr'`))
	do(t, ctx, "open a record", press("j"), until(focused+` === 'logs-x/failed'`), chromedp.KeyEvent(kb.Enter),
		until(`document.querySelector('.detail pre')?.textContent.includes('at second')`), until(`location.search.includes('doc=logs-x')`),
		until(`document.querySelector('.open').getAttribute('aria-expanded') === 'true'`))
	do(t, ctx, "close it", chromedp.KeyEvent(kb.Escape), until(`!document.querySelector('.detail') && !location.search.includes('doc=')`), until(focused+` === 'logs-x/failed'`))
	do(t, ctx, "go back", chromedp.Evaluate(`history.back()`, nil), until(`document.querySelector('.detail') && location.search.includes('doc=')`))
	do(t, ctx, "filter out", chromedp.Click(`[aria-label="Filter out this value of log.level"]`, chromedp.ByQuery),
		until(`document.getElementById('hits')?.textContent === '0' && document.querySelector('.none')`))

	do(t, ctx, "all rows", chromedp.Navigate(srv.URL), until(`document.querySelectorAll('.row').length === 100 && !document.getElementById('live').hidden`))
	do(t, ctx, "arrows", chromedp.KeyEvent(kb.ArrowDown), press("j"), chromedp.KeyEvent(kb.ArrowUp), press("jj"), until(focused+` === 'logs-x/id248'`))
	do(t, ctx, "histogram by keyboard", chromedp.Evaluate(`document.querySelector('.chart a').focus()`, nil), chromedp.KeyEvent(kb.ArrowRight),
		until(`document.activeElement === document.querySelectorAll('.chart a')[1] && document.getElementById('readout').textContent.includes('hits')`))

	do(t, ctx, "live tail on", press("l"), until(`document.querySelector('#live[aria-pressed=true]:not(.waiting)') && location.search.includes('live=1')`))
	put(t, s, "fresh", noon, container("lending", "api-1", "info", "fresh <script>window.pwned = 1</script><img src=x onerror='window.pwned = 2'>"))
	do(t, ctx, "a new record", until(`document.querySelector('.row').dataset.key === 'logs-x/fresh'`),
		until(`document.querySelector('.row .c-message').textContent.includes('<script>') && !window.pwned`))
	do(t, ctx, "a search goes on live", press("/"), chromedp.KeyEvent("namespace:lending"+kb.Enter), until(`document.getElementById('hits')?.textContent === '200'`),
		until(`document.querySelector('#live[aria-pressed=true]:not(.waiting)')`))
	do(t, ctx, "live tail off", press("l"), until(`document.querySelector('#live[aria-pressed=false]') && !location.search.includes('live=1')`))
	put(t, s, "unseen", noon, container("lending", "api-1", "info", "unseen"))

	light, dark := shot(t, ctx, "light"), shot(t, ctx, "dark")
	if l, d := brightness(light), brightness(dark); l < 200 || d > 80 {
		t.Errorf("the light page's background has brightness %d, the dark one's %d of 255", l, d)
	}
	do(t, ctx, "nothing came after the tail's end", until(`!document.body.textContent.includes('unseen')`))
	if said := complaints(); len(said) > 0 {
		t.Errorf("the browser complains:\n%s", strings.Join(said, "\n"))
	}
}

func shot(t *testing.T, ctx context.Context, scheme string) image.Image {
	t.Helper()
	var raw []byte
	do(t, ctx, scheme+" screenshot", chromedp.ActionFunc(func(ctx context.Context) error {
		return emulation.SetEmulatedMedia().WithFeatures([]*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}}).Do(ctx)
	}), until(`matchMedia('(prefers-color-scheme: %s)').matches`, scheme), chromedp.CaptureScreenshot(&raw))
	img, err := png.Decode(bytes.NewReader(raw))
	if err != nil {
		t.Fatal(err)
	}
	return img
}

// brightness is that of the most frequent colour.
func brightness(img image.Image) int {
	seen := map[[3]uint32]int{}
	var most [3]uint32
	for y := img.Bounds().Min.Y; y < img.Bounds().Max.Y; y += 3 {
		for x := img.Bounds().Min.X; x < img.Bounds().Max.X; x += 3 {
			r, g, b, _ := img.At(x, y).RGBA()
			c := [3]uint32{r >> 8, g >> 8, b >> 8}
			if seen[c]++; seen[c] > seen[most] {
				most = c
			}
		}
	}
	return int(most[0]+most[1]+most[2]) / 3
}

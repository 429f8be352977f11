package triggerd

import (
	"bufio"
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"strings"
	"sync"
	"testing"
	"time"

	"google.golang.org/grpc/codes"

	v1 "triggerd/v1"
)

const campaigns = `
campaigns:
- campaign: abandoned-cart
  trigger: {type: custom_event, event: add_to_cart, where: {property: cart_value, gte: 100}}
  delay: 30m
  re_eligibility: {after: 0s}
  messages: [{channel: email, subject: "{{ event.item }}", body: x}]
- campaign: welcome
  trigger: {type: custom_event, event: signed_up}
  messages: [{channel: in_app, title: "Hello {{ event.name }}"}]
`

// daemon is the built one, $TRIGGERD, in a folder of its own.
type daemon struct {
	t       *testing.T
	folder  string
	address string
	command *exec.Cmd
}

func startDaemon(t *testing.T) *daemon {
	t.Helper()
	folder, err := os.MkdirTemp("", "triggerd-")
	if err != nil {
		t.Fatal(err)
	}
	d := &daemon{t: t, folder: folder, address: "unix:" + folder + "/s"}
	t.Cleanup(func() { d.kill(); os.RemoveAll(folder) })
	os.Mkdir(filepath.Join(folder, "campaigns"), 0o755)
	os.WriteFile(filepath.Join(folder, "campaigns/all.yaml"), []byte(campaigns), 0o644)
	d.start()
	return d
}

func (d *daemon) start() {
	d.command = exec.Command(os.Getenv("TRIGGERD"), "serve", "--data", d.folder+"/data", "--socket", d.folder+"/s",
		"--campaigns", d.folder+"/campaigns")
	out, _ := d.command.StdoutPipe()
	if err := d.command.Start(); err != nil {
		d.t.Fatal(err)
	}
	for lines := bufio.NewScanner(out); lines.Scan(); {
		if strings.HasSuffix(lines.Text(), "ready") {
			return
		}
	}
	d.t.Error("the daemon did not start")
}

func (d *daemon) kill() {
	d.command.Process.Kill()
	d.command.Wait()
}

func newClient(t *testing.T, address string, options Options) *Client {
	t.Helper()
	client, err := New(address, options)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { client.Close() })
	return client
}

func must[T any](value T, err error) T {
	if err != nil {
		panic(err)
	}
	return value
}

func wantCode(t *testing.T, code codes.Code, err error) {
	t.Helper()
	if Code(err) != code {
		t.Errorf("%v instead of %v", err, code)
	}
}

var ctx = context.Background()

func TestReadme(t *testing.T) {
	readme := string(must(os.ReadFile("README.md")))
	program := strings.Split(strings.Split(readme, "```go\n")[1], "```")[0]
	path := filepath.Join(t.TempDir(), "main.go")
	os.WriteFile(path, []byte(program), 0o644)
	command := exec.Command("go", "run", path)
	command.Env = append(os.Environ(), "TRIGGERD_ADDRESS="+startDaemon(t).address)
	out, err := command.CombinedOutput()
	if string(out) != "abandoned-cart scheduled\nscheduled\nnothing to show\n" {
		t.Errorf("%v: %s", err, out)
	}
}

func TestCalls(t *testing.T) {
	client := newClient(t, startDaemon(t).address, Options{})
	t.Run("values come back as they were", func(t *testing.T) {
		values := Values{
			"yes": true, "whole": int64(-1 << 63), "decimal": 0.5, "text": "grüße",
			"list": []interface{}{int64(1), "a", []interface{}{}, Values{}}, "object": Values{"deep": Values{"er": nil}},
		}
		must(client.Track(ctx, Update("values", values)))
		if got := FromValues(must(client.User(ctx, "values")).Profile); !reflect.DeepEqual(got, values) {
			t.Errorf("%v", got)
		}
		_, err := client.Track(ctx, Event("u", "e", Values{"channel": make(chan int)}))
		wantCode(t, codes.InvalidArgument, err)
	})
	t.Run("batches", func(t *testing.T) {
		var items []*Item
		for n := 0; n < 6; n++ {
			items = append(items, Event(fmt.Sprint("b", n%3), "add_to_cart", Values{"cart_value": 50 * n}))
		}
		for n, reply := range must(client.TrackAll(ctx, items)) {
			if (len(reply.Decisions) == 1) != (n >= 2) {
				t.Errorf("%d: %v", n, reply)
			}
		}
		items[4].Message.User = ""
		_, err := client.TrackAll(ctx, items)
		wantCode(t, codes.InvalidArgument, err)
	})
	t.Run("every kind of item", func(t *testing.T) {
		items := []*Item{
			Purchase("k", "lamp", 0, "EUR", 2, nil), SessionStart("k", "phone", nil), Location("k", 0, 0, nil),
			Update("k", Values{"country": "BE"}), Event("k", "e", nil, At(time.UnixMilli(0)), History()),
		}
		for _, reply := range must(client.TrackAll(ctx, items)) {
			if reply.Result != v1.ItemReply_ACCEPTED {
				t.Errorf("%v", reply)
			}
		}
	})
	t.Run("ids", func(t *testing.T) {
		item := Event("i", "e", nil, ID("1"))
		must(client.Track(ctx, item))
		if reply := must(client.Track(ctx, item)); reply.Result != v1.ItemReply_DUPLICATE {
			t.Errorf("%v", reply)
		}
		_, err := client.Track(ctx, Event("i", "other", nil, ID("1")))
		wantCode(t, codes.AlreadyExists, err)
	})
	t.Run("inbox", func(t *testing.T) {
		must(client.Track(ctx, Event("in", "signed_up", Values{"name": "Ada"})))
		must(client.Track(ctx, SessionStart("in", "phone", nil)))
		message := must(client.Lease(ctx, "in", "phone"))
		if title := FromValues(message.Fields)["title"]; title != "Hello Ada" {
			t.Errorf("%v", title)
		}
		if err := client.Acknowledge(ctx, "in", message.Token, "clicked"); err != nil {
			t.Error(err)
		}
		wantCode(t, codes.FailedPrecondition, client.Hold(ctx, "in", message.Token, time.Minute))
	})
	t.Run("explain in pages", func(t *testing.T) {
		items := make([]*Item, 600)
		for n := range items {
			items[n] = Event("p", "add_to_cart", Values{"cart_value": 100})
		}
		must(client.TrackAll(ctx, items))
		must(client.TrackAll(ctx, items))
		for _, limit := range []int{1100, 7} {
			if got := len(must(client.Explain(ctx, "p", "", limit))); got != limit {
				t.Errorf("%d instead of %d", got, limit)
			}
		}
	})
	t.Run("too large", func(t *testing.T) {
		_, err := client.Track(ctx, Event("l", "e", Values{"a": strings.Repeat("x", 5<<20)}))
		wantCode(t, codes.ResourceExhausted, err)
	})
	t.Run("more at once than the daemon takes on a connection", func(t *testing.T) {
		var all sync.WaitGroup
		for n := 0; n < 1500; n++ {
			all.Add(1)
			go func() {
				defer all.Done()
				if _, err := client.Health(ctx); err != nil {
					t.Error(err)
				}
			}()
		}
		all.Wait()
	})
	t.Run("tracker", func(t *testing.T) {
		var refused []error
		tracker := NewTracker(client, TrackerOptions{OnError: func(_ *v1.Item, err error) { refused = append(refused, err) }})
		for n := 0; n < 1200; n++ {
			user := "q"
			if n == 700 {
				user = ""
			}
			if !tracker.Track(Event(user, "add_to_cart", Values{"cart_value": 100})) {
				t.Fatal("dropped")
			}
		}
		if err := tracker.Close(ctx); err != nil {
			t.Error(err)
		}
		if tracker.Track(Event("q", "e", nil)) || len(refused) != 1 {
			t.Errorf("%v", refused)
		}
		if got := len(must(client.Explain(ctx, "q", "", 2000))); got != 1199 {
			t.Errorf("%d", got)
		}
	})
}

func TestRestart(t *testing.T) {
	daemon := startDaemon(t)
	client := newClient(t, daemon.address, Options{})
	tracker := NewTracker(client, TrackerOptions{})
	cart := func() *Item { return Event("u", "add_to_cart", Values{"cart_value": 100}) }
	must(client.Track(ctx, cart()))
	daemon.kill()
	short, cancel := context.WithTimeout(ctx, 200*time.Millisecond)
	defer cancel()
	_, err := client.Track(short, cart())
	wantCode(t, codes.Unavailable, err)
	for n := 0; n < 10; n++ {
		tracker.Track(cart())
	}
	go daemon.start()
	must(client.Track(ctx, cart()))
	if err := tracker.Close(ctx); err != nil {
		t.Error(err)
	}
	if got := len(must(client.Explain(ctx, "u", "", 100))); got != 12 {
		t.Errorf("%d", got)
	}
}

// serve is another end that misbehaves: answer gets the number of the connection and a request's body, and gives the
// body of the answer, or nil to close.
func serve(t *testing.T, answer func(connection int, body []byte) []byte) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "s")
	listener := must(net.Listen("unix", path))
	t.Cleanup(func() { listener.Close() })
	go func() {
		for number := 0; ; number++ {
			connection, err := listener.Accept()
			if err != nil {
				return
			}
			go func(number int) {
				defer connection.Close()
				var header [10]byte
				for {
					if _, err := io.ReadFull(connection, header[:]); err != nil {
						return
					}
					body := make([]byte, binary.BigEndian.Uint32(header[:]))
					io.ReadFull(connection, body)
					reply := answer(number, body)
					if reply == nil {
						return
					}
					binary.BigEndian.PutUint32(header[:], uint32(len(reply)))
					header[8] = 2
					connection.Write(append(header[:], reply...))
				}
			}(number)
		}
	}()
	return "unix:" + path
}

var accepted = []byte("\x12\x04\x0a\x02\x08\x01")

func answerOf(code byte) []byte { return []byte{0x0a, 0x02, 0x08, code} }

func TestALostAnswerIsAskedForAgainWithTheSameID(t *testing.T) {
	bodies := make(chan string, 3)
	address := serve(t, func(connection int, body []byte) []byte {
		payload := strings.SplitN(string(body), "Track", 2)[1]
		bodies <- payload[:46]
		if connection == 0 {
			return nil
		}
		return accepted
	})
	must(newClient(t, address, Options{}).Track(ctx, Event("u", "e", nil)))
	if first, second := <-bodies, <-bodies; first != second {
		t.Errorf("%q and %q", first, second)
	}
}

func TestWhatIsNotSafeIsNotDoneTwice(t *testing.T) {
	calls := make(chan int, 3)
	address := serve(t, func(connection int, _ []byte) []byte { calls <- connection; return nil })
	err := newClient(t, address, Options{}).Acknowledge(ctx, "u", 1, "")
	wantCode(t, codes.Unavailable, err)
	if len(calls) != 1 || !err.(*Error).Sent {
		t.Errorf("%d calls, %v", len(calls), err)
	}
}

func TestADaemonThatIsFullIsAskedAgain(t *testing.T) {
	answers := make(chan []byte, 3)
	answers <- answerOf(8)
	answers <- answerOf(14)
	answers <- accepted
	address := serve(t, func(int, []byte) []byte { return <-answers })
	must(newClient(t, address, Options{}).Track(ctx, Event("u", "e", nil)))
}

func TestDeadline(t *testing.T) {
	silent := make(chan []byte)
	defer close(silent)
	address := serve(t, func(int, []byte) []byte { return <-silent })
	_, err := newClient(t, address, Options{Timeout: 100 * time.Millisecond}).Health(ctx)
	wantCode(t, codes.DeadlineExceeded, err)
}

func TestToken(t *testing.T) {
	bodies := make(chan string, 1)
	address := serve(t, func(_ int, body []byte) []byte { bodies <- string(body); return answerOf(16) })
	_, err := newClient(t, address, Options{Token: "abc"}).Health(ctx)
	wantCode(t, codes.Unauthenticated, err)
	if body := <-bodies; !strings.Contains(body, "\x0a\x0dauthorization\x12\x0aBearer abc") {
		t.Errorf("%q", body)
	}
	if _, err := New("tcp://192.0.2.1:7000", Options{Token: "abc"}); err == nil {
		t.Error("a token is shown to everybody")
	}
	newClient(t, "tcp://127.0.0.1:7000", Options{Token: "abc"})
}

func TestAddresses(t *testing.T) {
	for text, place := range map[string]string{"unix:/a/b": "/a/b", "tcp://[::1]:80": "[::1]:80", "tls://h:443": "h:443"} {
		if address, err := parseAddress(text); err != nil || address.place != place {
			t.Errorf("%s: %v %v", text, address, err)
		}
	}
	for _, wrong := range []string{"", "unix:", "/run/s", "tcp://h", "tcp://h:", "tcp://h:0", "tcp://h:65536", "http://h:80"} {
		if address, err := parseAddress(wrong); err == nil {
			t.Errorf("%s: %v", wrong, address)
		}
	}
}

func TestTrackerThatIsFull(t *testing.T) {
	tracker := NewTracker(newClient(t, "unix:/nowhere", Options{}), TrackerOptions{Capacity: 2})
	for n := 0; n < 4; n++ {
		if tracker.Track(Event("u", "e", nil)) != (n < 2) {
			t.Errorf("%d", n)
		}
	}
	short, cancel := context.WithTimeout(ctx, 50*time.Millisecond)
	defer cancel()
	if err := tracker.Close(short); err == nil || tracker.Dropped() != 2 {
		t.Errorf("%v, %d", err, tracker.Dropped())
	}
}

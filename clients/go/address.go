package triggerd

import (
	"context"
	"crypto/tls"
	"fmt"
	"net"
	"os"
	"strconv"
	"strings"
)

// address is unix:PATH, tcp://HOST:PORT or tls://HOST:PORT.
type address struct {
	scheme string
	// The path, or host and port.
	place string
	host  string
}

func parseAddress(text string) (address, error) {
	if strings.HasPrefix(text, "unix:") {
		path := strings.TrimPrefix(text[len("unix:"):], "//")
		if path == "" {
			return address{}, fmt.Errorf("%q names no path: write unix:/run/triggerd/triggerd.sock", text)
		}
		return address{scheme: "unix", place: path}, nil
	}
	scheme, place, _ := strings.Cut(text, "://")
	host, port, err := net.SplitHostPort(place)
	number, noNumber := strconv.ParseUint(port, 10, 16)
	if (scheme != "tcp" && scheme != "tls") || err != nil || host == "" || noNumber != nil || number == 0 {
		return address{}, fmt.Errorf("%q is no address: write unix:PATH, tcp://HOST:PORT or tls://HOST:PORT", text)
	}
	return address{scheme: scheme, place: place, host: host}, nil
}

// defaultAddress is $TRIGGERD_ADDRESS, else the socket of $TRIGGERD_SOCKET, else where the daemon listens unless told
// otherwise.
func defaultAddress() string {
	if address := os.Getenv("TRIGGERD_ADDRESS"); address != "" {
		return address
	}
	if path := os.Getenv("TRIGGERD_SOCKET"); path != "" {
		return "unix:" + path
	}
	folder := os.Getenv("XDG_RUNTIME_DIR")
	if folder == "" {
		folder = "/run"
	}
	return "unix:" + folder + "/triggerd/triggerd.sock"
}

// isOpenToOthers tells whether what is sent there can be read on the way.
func (a address) isOpenToOthers() bool {
	ip := net.ParseIP(a.host)
	return a.scheme == "tcp" && a.host != "localhost" && (ip == nil || !ip.IsLoopback())
}

func (a address) String() string {
	if a.scheme == "unix" {
		return "unix:" + a.place
	}
	return a.scheme + "://" + a.place
}

func (a address) dial(ctx context.Context, config *tls.Config) (net.Conn, error) {
	switch a.scheme {
	case "unix":
		return (&net.Dialer{}).DialContext(ctx, "unix", a.place)
	case "tls":
		return (&tls.Dialer{Config: config}).DialContext(ctx, "tcp", a.place)
	default:
		return (&net.Dialer{}).DialContext(ctx, "tcp", a.place)
	}
}

// Calls a ttrpc server's Health/Check over a Unix socket and says how fast it answers; or is such a server itself,
// to be compared with.
//
//	wire serve SOCKET
//	wire call SOCKET IN_FLIGHT SECONDS
package main

import (
	"context"
	"fmt"
	"net"
	"os"
	"sort"
	"strconv"
	"sync"
	"time"

	"github.com/containerd/ttrpc"
)

type request struct{}

func (*request) Reset()         {}
func (*request) String() string { return "" }
func (*request) ProtoMessage()  {}

type reply struct {
	Status int32 `protobuf:"varint,1,opt,name=status,proto3"`
}

func (r *reply) Reset()       { *r = reply{} }
func (*reply) String() string { return "" }
func (*reply) ProtoMessage()  {}

func check(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func serve(socket string) {
	server, err := ttrpc.NewServer()
	check(err)
	server.Register("triggerd.v1.Health", map[string]ttrpc.Method{
		"Check": func(ctx context.Context, unmarshal func(interface{}) error) (interface{}, error) {
			var r request
			if err := unmarshal(&r); err != nil {
				return nil, err
			}
			return &reply{Status: 1}, nil
		},
	})
	listener, err := net.Listen("unix", socket)
	check(err)
	check(server.Serve(context.Background(), listener))
}

func call(socket string, inFlight int, seconds float64) {
	conn, err := net.Dial("unix", socket)
	check(err)
	client := ttrpc.NewClient(conn)
	end := time.Now().Add(time.Duration(seconds * float64(time.Second)))
	took := make([][]time.Duration, inFlight)
	var all sync.WaitGroup
	begin := time.Now()
	for i := 0; i < inFlight; i++ {
		all.Add(1)
		go func(i int) {
			defer all.Done()
			for time.Now().Before(end) {
				var r reply
				from := time.Now()
				check(client.Call(context.Background(), "triggerd.v1.Health", "Check", &request{}, &r))
				if r.Status != 1 {
					check(fmt.Errorf("status %d", r.Status))
				}
				took[i] = append(took[i], time.Since(from))
			}
		}(i)
	}
	all.Wait()
	elapsed := time.Since(begin)
	var merged []time.Duration
	for _, each := range took {
		merged = append(merged, each...)
	}
	sort.Slice(merged, func(a, b int) bool { return merged[a] < merged[b] })
	fmt.Printf("%d %.0f %.1f %.1f\n", inFlight, float64(len(merged))/elapsed.Seconds(),
		float64(merged[len(merged)/2].Nanoseconds())/1e3, float64(merged[len(merged)*99/100].Nanoseconds())/1e3)
}

func main() {
	switch {
	case len(os.Args) == 3 && os.Args[1] == "serve":
		serve(os.Args[2])
	case len(os.Args) == 5 && os.Args[1] == "call":
		inFlight, err := strconv.Atoi(os.Args[3])
		check(err)
		seconds, err := strconv.ParseFloat(os.Args[4], 64)
		check(err)
		call(os.Args[2], inFlight, seconds)
	default:
		fmt.Fprintln(os.Stderr, "usage: wire serve SOCKET | wire call SOCKET IN_FLIGHT SECONDS")
		os.Exit(2)
	}
}

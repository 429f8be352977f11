// Package triggerd is a client of triggerd. README.md has the shortest program.
package triggerd

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"math/rand"
	"sync"
	"time"

	"github.com/containerd/ttrpc"
	"github.com/golang/protobuf/proto"
	"google.golang.org/grpc/codes"

	v1 "triggerd/v1"
)

const (
	// The daemon takes 1,024 calls on a connection; the rest waits here.
	callsUnderWay = 1000
	frameBytes    = 4 << 20
	// Between two tries: doubled each time from the first to the most, and a random part of it.
	firstPause = 50 * time.Millisecond
	mostPause  = 2 * time.Second
	// Of a call whose context has no deadline.
	defaultTimeout = 10 * time.Second
)

// Options of a client; the zero value is well.
type Options struct {
	// For a door that asks for one.
	Token string
	// How long a call may take with all its tries, where its context has no deadline; 0: 10 s.
	Timeout time.Duration
	// Of a tls:// address; nil trusts the system's authorities.
	TLS *tls.Config
}

// Client makes calls of one daemon, from any goroutine, over one connection that is made when it is needed and again
// when it broke.
type Client struct {
	address address
	options Options
	room    chan struct{}

	mutex      sync.Mutex
	connection *ttrpc.Client
	isClosed   bool
}

// New makes a client of the daemon at unix:PATH, tcp://HOST:PORT or tls://HOST:PORT; of "" at $TRIGGERD_ADDRESS, else at
// the daemon's own socket. It does not connect yet.
func New(address string, options Options) (*Client, error) {
	if address == "" {
		address = defaultAddress()
	}
	place, err := parseAddress(address)
	if err != nil {
		return nil, err
	}
	if options.Token != "" && place.isOpenToOthers() {
		return nil, fmt.Errorf("everybody on the way to %s could read the token: use tls://", place.host)
	}
	if options.Timeout == 0 {
		options.Timeout = defaultTimeout
	}
	return &Client{address: place, options: options, room: make(chan struct{}, callsUnderWay)}, nil
}

// Close ends calls under way with Unavailable.
func (c *Client) Close() error {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	c.isClosed = true
	if c.connection == nil {
		return nil
	}
	return c.connection.Close()
}

// Track tells of one thing; the answer comes after it is on disk. Safe to lose the connection over.
func (c *Client) Track(ctx context.Context, item *Item) (*v1.ItemReply, error) {
	replies, err := c.TrackAll(ctx, []*Item{item})
	if err != nil {
		return nil, err
	}
	return replies[0], nil
}

// TrackAll tells of many, of one or many users, in one request: all are taken or none, but for REFUSED ones.
func (c *Client) TrackAll(ctx context.Context, items []*Item) ([]*v1.ItemReply, error) {
	messages := make([]*v1.Item, 0, len(items))
	for index, item := range items {
		message, err := item.ready(false)
		if err != nil {
			return nil, &Error{Code: codes.InvalidArgument, Message: fmt.Sprintf("items[%d]: %v", index, err), cause: err}
		}
		messages = append(messages, message)
	}
	return c.trackMessages(ctx, messages)
}

func (c *Client) trackMessages(ctx context.Context, items []*v1.Item) ([]*v1.ItemReply, error) {
	if len(items) == 0 {
		return nil, nil
	}
	reply := &v1.TrackReply{}
	if err := c.call(ctx, "Events", "Track", &v1.TrackRequest{Items: items}, reply, true); err != nil {
		return nil, err
	}
	if len(reply.Items) != len(items) {
		return nil, &Error{Code: codes.Internal, Message: "the answer is not of as many items", Sent: true}
	}
	return reply.Items, nil
}

// Lease gives the in-app message that is to be shown now, for 30 s, or nil; the same device is given the same one again.
func (c *Client) Lease(ctx context.Context, user, device string) (*v1.Lease, error) {
	reply := &v1.LeaseReply{}
	err := c.call(ctx, "Inbox", "Lease", &v1.LeaseRequest{User: user, Device: device}, reply, true)
	return reply.Message, err
}

// Acknowledge: it was shown ("viewed", also when empty), "clicked" or "dismissed".
func (c *Client) Acknowledge(ctx context.Context, user string, token uint64, action string) error {
	request := &v1.AcknowledgeRequest{User: user, Token: token, Action: action}
	return c.call(ctx, "Inbox", "Acknowledge", request, &v1.AcknowledgeReply{}, false)
}

// Hold: not now. The lease is over, and the message is not shown for so long.
func (c *Client) Hold(ctx context.Context, user string, token uint64, length time.Duration) error {
	request := &v1.HoldRequest{User: user, Token: token, ForMs: length.Milliseconds()}
	return c.call(ctx, "Inbox", "Hold", request, &v1.HoldReply{}, false)
}

// Explain tells why the user did or did not get messages (of one campaign, or of "" all), newest first, at most so many;
// near misses are not counted.
func (c *Client) Explain(ctx context.Context, user, campaign string, limit int) ([]*v1.Decision, error) {
	var decisions []*v1.Decision
	page := ""
	for limit > 0 {
		request := &v1.ExplainRequest{User: user, Campaign: campaign, Limit: uint32(least(limit, 1000)), Page: page}
		reply := &v1.ExplainReply{}
		if err := c.call(ctx, "Decisions", "Explain", request, reply, true); err != nil {
			return decisions, err
		}
		for _, decision := range reply.Decisions {
			if decision.NearMiss == 0 {
				limit--
			}
		}
		decisions = append(decisions, reply.Decisions...)
		if page = reply.NextPage; page == "" {
			break
		}
	}
	return decisions, nil
}

func least(a, b int) int {
	if a < b {
		return a
	}
	return b
}

// User tells what is known of a user (the first page of it); NotFound where nothing is.
func (c *Client) User(ctx context.Context, user string) (*v1.User, error) {
	reply := &v1.User{}
	return reply, c.call(ctx, "Users", "Get", &v1.GetUserRequest{User: user}, reply, true)
}

// Health tells whether the daemon does its work.
func (c *Client) Health(ctx context.Context) (*v1.HealthReply, error) {
	reply := &v1.HealthReply{}
	return reply, c.call(ctx, "Health", "Check", &v1.HealthRequest{}, reply, true)
}

// Call calls any method of triggerd.v1. isSafe: it may be done twice, and so is tried again where it may have been done.
func (c *Client) Call(ctx context.Context, service, method string, request, reply proto.Message, isSafe bool) error {
	return c.call(ctx, service, method, request, reply, isSafe)
}

func (c *Client) call(ctx context.Context, service, method string, request, reply proto.Message, isSafe bool) error {
	if size := proto.Size(request) + 1024 + len(c.options.Token); size > frameBytes {
		return &Error{
			Code: codes.ResourceExhausted, Message: fmt.Sprintf("a request of %d bytes does not fit into a frame", size),
			isFinal: true,
		}
	}
	if _, ok := ctx.Deadline(); !ok {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, c.options.Timeout)
		defer cancel()
	}
	select {
	case c.room <- struct{}{}:
		defer func() { <-c.room }()
	case <-ctx.Done():
		return &Error{Code: codes.DeadlineExceeded, Message: "too many calls are under way", cause: ctx.Err()}
	}
	return c.repeat(ctx, isSafe, func() *Error { return c.once(ctx, service, method, request, reply) })
}

func (c *Client) repeat(ctx context.Context, isSafe bool, once func() *Error) error {
	var known *Error
	for pause := firstPause; ; pause *= 2 {
		failure := once()
		if failure == nil {
			return nil
		}
		if ctx.Err() != nil && known != nil {
			return known // What kept it says more.
		}
		if !failure.mayRepeat(isSafe) {
			return failure
		}
		known = failure
		if pause > mostPause {
			pause = mostPause
		}
		timer := time.NewTimer(pause/2 + time.Duration(rand.Int63n(int64(pause/2))))
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			return known
		}
	}
}

func (c *Client) once(ctx context.Context, service, method string, request, reply proto.Message) *Error {
	connection, failure := c.connect(ctx)
	if failure != nil {
		return failure
	}
	if c.options.Token != "" {
		ctx = ttrpc.WithMetadata(ctx, ttrpc.MD{"authorization": {"Bearer " + c.options.Token}})
	}
	reply.Reset()
	err := connection.Call(ctx, "triggerd.v1."+service, method, request, reply)
	if err == nil {
		return nil
	}
	if errors.Is(err, ttrpc.ErrClosed) {
		c.forget(connection)
	}
	return failed(err)
}

func (c *Client) connect(ctx context.Context) (*ttrpc.Client, *Error) {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	if c.isClosed {
		return nil, &Error{Code: codes.Unavailable, Message: "the client is closed", isFinal: true}
	}
	if c.connection == nil {
		connection, err := c.address.dial(ctx, c.options.TLS)
		if err != nil {
			return nil, notConnected(c.address, err)
		}
		c.connection = ttrpc.NewClient(connection)
	}
	return c.connection, nil
}

func (c *Client) forget(connection *ttrpc.Client) {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	if c.connection == connection {
		c.connection = nil
	}
	connection.Close()
}

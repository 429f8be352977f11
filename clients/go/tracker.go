package triggerd

import (
	"context"
	"fmt"
	"log"
	"sync"

	"github.com/golang/protobuf/proto"
	"google.golang.org/grpc/codes"

	v1 "triggerd/v1"
)

const (
	// Of one request: enough to share a flush of the daemon's disk, few enough to be answered within milliseconds.
	batchItems = 500
	batchBytes = 1 << 20
	// Items that may wait, unless told otherwise.
	defaultCapacity = 10_000
)

// TrackerOptions of a tracker; the zero value is well.
type TrackerOptions struct {
	// Items that may wait; more are dropped. 0: 10,000.
	Capacity int
	// Is told what the daemon refuses, from the tracker's goroutine; nil writes it to the log.
	OnError func(*v1.Item, error)
}

// Tracker tracks without waiting: items leave in order, and are sent again until the daemon has them; each counts once.
type Tracker struct {
	client  *Client
	options TrackerOptions
	ctx     context.Context
	giveUp  context.CancelFunc
	wake    chan struct{}
	ended   chan struct{}

	mutex    sync.Mutex
	items    []*v1.Item
	underWay int
	dropped  int
	isClosed bool
	// Closed when nothing waits.
	idle chan struct{}
}

// NewTracker begins a tracker; end it with Close.
func NewTracker(client *Client, options TrackerOptions) *Tracker {
	if options.Capacity == 0 {
		options.Capacity = defaultCapacity
	}
	if options.OnError == nil {
		options.OnError = func(item *v1.Item, err error) {
			log.Printf("triggerd: an item of the user %q was not taken: %v", item.User, err)
		}
	}
	tracker := &Tracker{
		client: client, options: options, wake: make(chan struct{}, 1), ended: make(chan struct{}),
		idle: make(chan struct{}),
	}
	close(tracker.idle)
	tracker.ctx, tracker.giveUp = context.WithCancel(context.Background())
	go tracker.run()
	return tracker
}

// Track returns at once; false: the queue is full, or closed, and the item was dropped.
func (t *Tracker) Track(item *Item) bool {
	message, err := item.ready(true)
	if err != nil {
		t.options.OnError(item.Message, &Error{Code: codes.InvalidArgument, Message: err.Error(), cause: err})
		return true
	}
	t.mutex.Lock()
	defer t.mutex.Unlock()
	if t.isClosed || len(t.items)+t.underWay >= t.options.Capacity {
		t.dropped++
		return false
	}
	if len(t.items)+t.underWay == 0 {
		t.idle = make(chan struct{})
	}
	t.items = append(t.items, message)
	t.poke()
	return true
}

// Dropped counts the items for which there was no room.
func (t *Tracker) Dropped() int {
	t.mutex.Lock()
	defer t.mutex.Unlock()
	return t.dropped
}

// Flush waits until everything that was tracked is answered.
func (t *Tracker) Flush(ctx context.Context) error {
	t.mutex.Lock()
	idle := t.idle
	t.mutex.Unlock()
	select {
	case <-idle:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Close flushes, and takes no more. What is not answered when the context is done is dropped; the error says how much.
func (t *Tracker) Close(ctx context.Context) error {
	t.mutex.Lock()
	t.isClosed = true
	t.poke()
	t.mutex.Unlock()
	err := t.Flush(ctx)
	t.giveUp()
	<-t.ended
	if err == nil {
		return nil
	}
	t.mutex.Lock()
	defer t.mutex.Unlock()
	return fmt.Errorf("%d items were not sent: %w", len(t.items)+t.underWay, err)
}

// poke is called with the mutex.
func (t *Tracker) poke() {
	select {
	case t.wake <- struct{}{}:
	default: // It is awake already.
	}
}

func (t *Tracker) run() {
	defer close(t.ended)
	for {
		batch, isOver := t.batch()
		if len(batch) == 0 {
			if isOver {
				return
			}
			select {
			case <-t.wake:
			case <-t.ctx.Done():
				return
			}
			continue
		}
		t.send(batch)
		if t.ctx.Err() != nil {
			return
		}
		t.mutex.Lock()
		t.underWay = 0
		if len(t.items) == 0 {
			close(t.idle)
		}
		t.mutex.Unlock()
	}
}

func (t *Tracker) batch() (batch []*v1.Item, isOver bool) {
	t.mutex.Lock()
	defer t.mutex.Unlock()
	count, size := 0, 0
	for count < len(t.items) && count < batchItems {
		size += proto.Size(t.items[count])
		if count > 0 && size > batchBytes {
			break
		}
		count++
	}
	batch, t.items = t.items[:count:count], t.items[count:]
	t.underWay = count
	return batch, t.isClosed
}

// send tries until the daemon has answered: it may start again meanwhile.
func (t *Tracker) send(batch []*v1.Item) {
	for t.ctx.Err() == nil {
		replies, err := t.client.trackMessages(t.ctx, batch)
		if err == nil {
			for index, reply := range replies {
				if reply.Result == v1.ItemReply_REFUSED {
					t.options.OnError(batch[index], &Error{Code: codes.Code(reply.Code), Message: reply.Why, Sent: true})
				}
			}
			return
		}
		failure := err.(*Error)
		switch failure.Code {
		case codes.InvalidArgument, codes.AlreadyExists, codes.ResourceExhausted:
			if len(batch) > 1 {
				// One refuses all, and is looked for by halves.
				t.send(batch[:len(batch)/2])
				t.send(batch[len(batch)/2:])
				return
			}
			if failure.isFinal || failure.Code != codes.ResourceExhausted {
				t.options.OnError(batch[0], err)
				return
			}
		case codes.Unavailable, codes.DeadlineExceeded:
			if !failure.isFinal {
				continue
			}
			fallthrough
		default:
			if t.ctx.Err() != nil {
				return
			}
			for _, item := range batch {
				t.options.OnError(item, err)
			}
			return
		}
	}
}

package triggerd

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"

	"github.com/containerd/ttrpc"
	"github.com/golang/protobuf/ptypes/any"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// Error is why a call failed. Decide by the code; the message is for people.
type Error struct {
	Code    codes.Code
	Message string
	// What the daemon said beside it.
	Details []*any.Any
	// Whether the request may have reached the daemon. Where it may, and Code is Unavailable or DeadlineExceeded,
	// nobody knows whether it was done.
	Sent bool

	cause error
	// No other try makes it better.
	isFinal bool
}

func (e *Error) Error() string { return e.Code.String() + ": " + e.Message }

func (e *Error) Unwrap() error { return e.cause }

// Code gives the code of an error of this package; of others Unknown, of nil OK.
func Code(err error) codes.Code {
	var failure *Error
	switch {
	case err == nil:
		return codes.OK
	case errors.As(err, &failure):
		return failure.Code
	default:
		return codes.Unknown
	}
}

// failed makes an Error of what a call over a connection gave.
func failed(err error) *Error {
	switch {
	case errors.Is(err, context.DeadlineExceeded):
		return &Error{Code: codes.DeadlineExceeded, Message: "no answer in time", Sent: true, cause: err}
	case errors.Is(err, context.Canceled):
		return &Error{Code: codes.Canceled, Message: "the caller gave up", Sent: true, cause: err}
	case errors.Is(err, ttrpc.ErrClosed):
		return &Error{Code: codes.Unavailable, Message: "the connection was closed", Sent: true, cause: err}
	}
	if answer, ok := status.FromError(err); ok {
		return &Error{
			Code: answer.Code(), Message: answer.Message(), Details: answer.Proto().GetDetails(), Sent: true, cause: err,
		}
	}
	return &Error{Code: codes.Unavailable, Message: err.Error(), Sent: true, cause: err}
}

// notConnected makes an Error of what dialing gave.
func notConnected(to address, err error) *Error {
	failure := &Error{Code: codes.Unavailable, Message: "no daemon answers at " + to.String() + ": " + err.Error(), cause: err}
	var authority x509.UnknownAuthorityError
	var name x509.HostnameError
	var certificate x509.CertificateInvalidError
	var record tls.RecordHeaderError
	if errors.As(err, &authority) || errors.As(err, &name) || errors.As(err, &certificate) || errors.As(err, &record) {
		failure.isFinal = true
	}
	return failure
}

// mayRepeat tells whether the call may be made again; isSafe: it may be done twice.
func (e *Error) mayRepeat(isSafe bool) bool {
	if e.isFinal {
		return false
	}
	if !e.Sent {
		return e.Code == codes.Unavailable
	}
	return isSafe && (e.Code == codes.Unavailable || e.Code == codes.ResourceExhausted)
}

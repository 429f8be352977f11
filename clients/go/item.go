package triggerd

import (
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"math"
	"reflect"
	"time"

	"github.com/golang/protobuf/proto"

	v1 "triggerd/v1"
)

// Values are properties or attributes: nil, booleans, whole numbers, floats, strings, and slices and maps of these.
type Values map[string]interface{}

// Item is one thing to be told. A value that is none of those above is told by Track.
type Item struct {
	Message *v1.Item
	err     error
}

// Option says more about an item.
type Option func(*Item)

// ID makes an item count once, however often it is sent, also by another process.
func ID(id string) Option { return func(i *Item) { i.Message.Id = id } }

// At is when it happened; without it, now.
func At(at time.Time) Option {
	return func(i *Item) { i.Message.Time = &v1.Item_TimeMs{TimeMs: at.UnixMilli()} }
}

// Set sets attributes of the profile first; nil removes one.
func Set(attributes Values) Option { return func(i *Item) { i.Message.Set = i.values(attributes) } }

// History says that it happened before triggerd was there: it counts, and triggers nothing.
func History() Option { return func(i *Item) { i.Message.History = true } }

func newItem(user string, options []Option, fill func(*Item)) *Item {
	item := &Item{Message: &v1.Item{User: user}}
	for _, option := range options {
		option(item)
	}
	fill(item)
	return item
}

// Event is something that the user did.
func Event(user, event string, properties Values, options ...Option) *Item {
	return newItem(user, options, func(i *Item) {
		i.Message.Kind = &v1.Item_CustomEvent{
			CustomEvent: &v1.CustomEvent{Event: event, Properties: i.values(properties)},
		}
	})
}

// Purchase is one product that was bought.
func Purchase(user, product string, price float64, currency string, quantity int64, properties Values, options ...Option) *Item {
	return newItem(user, options, func(i *Item) {
		i.Message.Kind = &v1.Item_Purchase{Purchase: &v1.Purchase{
			ProductId: product, Cost: &v1.Purchase_Price{Price: price}, Currency: currency,
			Units: &v1.Purchase_Quantity{Quantity: quantity}, Properties: i.values(properties),
		}}
	})
}

// SessionStart: the app was opened; the answer's Message is what it is to show.
func SessionStart(user, device string, properties Values, options ...Option) *Item {
	return newItem(user, options, func(i *Item) {
		i.Message.Kind = &v1.Item_SessionStart{
			SessionStart: &v1.SessionStart{Device: device, Properties: i.values(properties)},
		}
	})
}

// Update sets attributes of the profile, and nothing else.
func Update(user string, attributes Values, options ...Option) *Item {
	return newItem(user, append(options, Set(attributes)), func(i *Item) {
		i.Message.Kind = &v1.Item_ProfileUpdate{ProfileUpdate: &v1.ProfileUpdate{}}
	})
}

// Location is where the user is, in degrees.
func Location(user string, latitude, longitude float64, properties Values, options ...Option) *Item {
	return newItem(user, options, func(i *Item) {
		i.Message.Kind = &v1.Item_Location{Location: &v1.Location{
			North: &v1.Location_Latitude{Latitude: latitude}, East: &v1.Location_Longitude{Longitude: longitude},
			Properties: i.values(properties),
		}}
	})
}

func (i *Item) values(values Values) map[string]*v1.Value {
	made := make(map[string]*v1.Value, len(values))
	for name, value := range values {
		message, err := toValue(reflect.ValueOf(value))
		if err != nil {
			i.err = fmt.Errorf("%s: %w", name, err)
			continue
		}
		made[name] = message
	}
	return made
}

// ready gives the item as it is sent, with an id, so that it may be sent twice; of one that is sent later, with the
// instant at which it happened. The caller's stays as it is.
func (i *Item) ready(isLater bool) (*v1.Item, error) {
	if i.err != nil {
		return nil, i.err
	}
	needsTime := isLater && i.Message.Time == nil
	if i.Message.Id != "" && !needsTime {
		return i.Message, nil
	}
	copy := proto.Clone(i.Message).(*v1.Item)
	if copy.Id == "" {
		var bytes [16]byte
		if _, err := rand.Read(bytes[:]); err != nil {
			return nil, err
		}
		copy.Id = hex.EncodeToString(bytes[:])
	}
	if needsTime {
		copy.Time = &v1.Item_TimeMs{TimeMs: time.Now().UnixMilli()}
	}
	return copy, nil
}

func toValue(value reflect.Value) (*v1.Value, error) {
	switch value.Kind() {
	case reflect.Invalid:
		return &v1.Value{}, nil
	case reflect.Interface, reflect.Ptr:
		return toValue(value.Elem())
	case reflect.Bool:
		return &v1.Value{Kind: &v1.Value_Boolean{Boolean: value.Bool()}}, nil
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		return &v1.Value{Kind: &v1.Value_Integer{Integer: value.Int()}}, nil
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		if value.Uint() > math.MaxInt64 {
			return nil, fmt.Errorf("%d is beyond 64 bits with a sign", value.Uint())
		}
		return &v1.Value{Kind: &v1.Value_Integer{Integer: int64(value.Uint())}}, nil
	case reflect.Float32, reflect.Float64:
		return &v1.Value{Kind: &v1.Value_Decimal{Decimal: value.Float()}}, nil
	case reflect.String:
		return &v1.Value{Kind: &v1.Value_String_{String_: value.String()}}, nil
	case reflect.Slice, reflect.Array:
		return toList(value)
	case reflect.Map:
		return toObject(value)
	default:
		return nil, fmt.Errorf("a %s is no value", value.Type())
	}
}

func toList(value reflect.Value) (*v1.Value, error) {
	list := &v1.List{}
	for index := 0; index < value.Len(); index++ {
		element, err := toValue(value.Index(index))
		if err != nil {
			return nil, err
		}
		list.Elements = append(list.Elements, element)
	}
	return &v1.Value{Kind: &v1.Value_List{List: list}}, nil
}

func toObject(value reflect.Value) (*v1.Value, error) {
	if value.Type().Key().Kind() != reflect.String {
		return nil, fmt.Errorf("a %s is no value: its keys are no strings", value.Type())
	}
	object := &v1.Object{Members: map[string]*v1.Value{}}
	for _, key := range value.MapKeys() {
		member, err := toValue(value.MapIndex(key))
		if err != nil {
			return nil, err
		}
		object.Members[key.String()] = member
	}
	return &v1.Value{Kind: &v1.Value_Object{Object: object}}, nil
}

// FromValues gives what a reply holds (Why of a decision, Fields of a message) as Go's values.
func FromValues(messages map[string]*v1.Value) Values {
	values := Values{}
	for name, message := range messages {
		values[name] = fromValue(message)
	}
	return values
}

func fromValue(message *v1.Value) interface{} {
	switch kind := message.GetKind().(type) {
	case *v1.Value_Boolean:
		return kind.Boolean
	case *v1.Value_Integer:
		return kind.Integer
	case *v1.Value_Decimal:
		return kind.Decimal
	case *v1.Value_String_:
		return kind.String_
	case *v1.Value_List:
		list := make([]interface{}, 0, len(kind.List.GetElements()))
		for _, element := range kind.List.GetElements() {
			list = append(list, fromValue(element))
		}
		return list
	case *v1.Value_Object:
		return FromValues(kind.Object.GetMembers())
	default:
		return nil
	}
}

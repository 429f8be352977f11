#define _GNU_SOURCE
#include <stdlib.h>
#include <string.h>

#include "triggerd.h"

/* Everything is allocated as libprotobuf-c would, so that its own function frees an item. */

static void *new_message(const ProtobufCMessageDescriptor *descriptor) {
    ProtobufCMessage *message = malloc(descriptor->sizeof_message);
    if (message) descriptor->message_init(message);
    return message;
}

static int set_text(char **place, const char *text) {
    char *copy = strdup(text ? text : "");
    if (!copy) return 0;
    if (*place != (char *)protobuf_c_empty_string) free(*place);
    *place = copy;
    return 1;
}

void triggerd_item_free(Triggerd__V1__Item *item) { triggerd_free(item); }

/* An item to which that happened, which is then the item's. */
static Triggerd__V1__Item *new_item(const char *user, Triggerd__V1__Item__KindCase kind,
                                    const ProtobufCMessageDescriptor *happened) {
    Triggerd__V1__Item *item = new_message(&triggerd__v1__item__descriptor);
    if (!item) return NULL;
    /* All kinds are pointers in one place. */
    item->custom_event = new_message(happened);
    if (item->custom_event) item->kind_case = kind;
    if (item->custom_event && set_text(&item->user, user)) return item;
    triggerd_item_free(item);
    return NULL;
}

static Triggerd__V1__Item *checked(Triggerd__V1__Item *item, int is_made) {
    if (is_made) return item;
    triggerd_item_free(item);
    return NULL;
}

Triggerd__V1__Item *triggerd_event(const char *user, const char *event) {
    Triggerd__V1__Item *item = new_item(user, TRIGGERD__V1__ITEM__KIND_CUSTOM_EVENT, &triggerd__v1__custom_event__descriptor);
    return checked(item, item && set_text(&item->custom_event->event, event));
}

Triggerd__V1__Item *triggerd_purchase(const char *user, const char *product, double price, const char *currency) {
    Triggerd__V1__Item *item = new_item(user, TRIGGERD__V1__ITEM__KIND_PURCHASE, &triggerd__v1__purchase__descriptor);
    if (!item) return NULL;
    item->purchase->cost_case = TRIGGERD__V1__PURCHASE__COST_PRICE;
    item->purchase->price = price;
    return checked(item, set_text(&item->purchase->product_id, product) && set_text(&item->purchase->currency, currency));
}

Triggerd__V1__Item *triggerd_session_start(const char *user, const char *device) {
    Triggerd__V1__Item *item = new_item(user, TRIGGERD__V1__ITEM__KIND_SESSION_START, &triggerd__v1__session_start__descriptor);
    return checked(item, item && set_text(&item->session_start->device, device));
}

Triggerd__V1__Item *triggerd_update(const char *user) {
    return new_item(user, TRIGGERD__V1__ITEM__KIND_PROFILE_UPDATE, &triggerd__v1__profile_update__descriptor);
}

Triggerd__V1__Item *triggerd_location(const char *user, double latitude, double longitude) {
    Triggerd__V1__Item *item = new_item(user, TRIGGERD__V1__ITEM__KIND_LOCATION, &triggerd__v1__location__descriptor);
    if (!item) return NULL;
    item->location->north_case = TRIGGERD__V1__LOCATION__NORTH_LATITUDE;
    item->location->latitude = latitude;
    item->location->east_case = TRIGGERD__V1__LOCATION__EAST_LONGITUDE;
    item->location->longitude = longitude;
    return item;
}

int triggerd_set_id(Triggerd__V1__Item *item, const char *id) { return set_text(&item->id, id); }

void triggerd_set_time(Triggerd__V1__Item *item, int64_t ms) {
    item->time_case = TRIGGERD__V1__ITEM__TIME_TIME_MS;
    item->time_ms = ms;
}

/* The entries of every map of values look like this one. */
typedef Triggerd__V1__Item__SetEntry entry;

static Triggerd__V1__Value *add(size_t *count, entry ***entries, const ProtobufCMessageDescriptor *descriptor,
                                const char *name) {
    entry *made = new_message(descriptor);
    Triggerd__V1__Value *value = new_message(&triggerd__v1__value__descriptor);
    entry **longer = made && value && set_text(&made->key, name) ? realloc(*entries, (*count + 1) * sizeof *longer) : NULL;
    if (!longer) {
        triggerd_free(made);
        triggerd_free(value);
        return NULL;
    }
    made->value = value;
    *entries = longer;
    longer[(*count)++] = made;
    return value;
}

static Triggerd__V1__Value *attribute(Triggerd__V1__Item *item, const char *name) {
    return add(&item->n_set, &item->set, &triggerd__v1__item__set_entry__descriptor, name);
}

#define ADD(kind) \
    add(&item->kind->n_properties, (entry ***)&item->kind->properties, &triggerd__v1__##kind##__properties_entry__descriptor, name)

/* NULL also where the item has no properties: a profile update. */
static Triggerd__V1__Value *property(Triggerd__V1__Item *item, const char *name) {
    switch (item->kind_case) {
    case TRIGGERD__V1__ITEM__KIND_CUSTOM_EVENT: return ADD(custom_event);
    case TRIGGERD__V1__ITEM__KIND_PURCHASE: return ADD(purchase);
    case TRIGGERD__V1__ITEM__KIND_SESSION_START: return ADD(session_start);
    case TRIGGERD__V1__ITEM__KIND_LOCATION: return ADD(location);
    case TRIGGERD__V1__ITEM__KIND_CAMPAIGN_INTERACTION: return ADD(campaign_interaction);
    case TRIGGERD__V1__ITEM__KIND_CARD_INTERACTION: return ADD(card_interaction);
    default: return NULL;
    }
}

static int as_text(Triggerd__V1__Value *value, const char *text) {
    if (!value) return 0;
    value->string = (char *)protobuf_c_empty_string;
    value->kind_case = TRIGGERD__V1__VALUE__KIND_STRING;
    return set_text(&value->string, text);
}

static int as_integer(Triggerd__V1__Value *value, int64_t integer) {
    if (!value) return 0;
    value->kind_case = TRIGGERD__V1__VALUE__KIND_INTEGER;
    value->integer = integer;
    return 1;
}

static int as_decimal(Triggerd__V1__Value *value, double decimal) {
    if (!value) return 0;
    value->kind_case = TRIGGERD__V1__VALUE__KIND_DECIMAL;
    value->decimal = decimal;
    return 1;
}

static int as_boolean(Triggerd__V1__Value *value, int boolean) {
    if (!value) return 0;
    value->kind_case = TRIGGERD__V1__VALUE__KIND_BOOLEAN;
    value->boolean = boolean != 0;
    return 1;
}

int triggerd_property_text(Triggerd__V1__Item *item, const char *name, const char *value) {
    return as_text(property(item, name), value);
}

int triggerd_property_integer(Triggerd__V1__Item *item, const char *name, int64_t value) {
    return as_integer(property(item, name), value);
}

int triggerd_property_decimal(Triggerd__V1__Item *item, const char *name, double value) {
    return as_decimal(property(item, name), value);
}

int triggerd_property_boolean(Triggerd__V1__Item *item, const char *name, int value) {
    return as_boolean(property(item, name), value);
}

int triggerd_attribute_text(Triggerd__V1__Item *item, const char *name, const char *value) {
    return as_text(attribute(item, name), value);
}

int triggerd_attribute_integer(Triggerd__V1__Item *item, const char *name, int64_t value) {
    return as_integer(attribute(item, name), value);
}

int triggerd_attribute_decimal(Triggerd__V1__Item *item, const char *name, double value) {
    return as_decimal(attribute(item, name), value);
}

int triggerd_attribute_boolean(Triggerd__V1__Item *item, const char *name, int value) {
    return as_boolean(attribute(item, name), value);
}

int triggerd_attribute_remove(Triggerd__V1__Item *item, const char *name) { return attribute(item, name) != NULL; }

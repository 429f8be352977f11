import Storage

// What `make generate` keeps as proto/triggerd/storage/v1/storage.proto.
print(StorageSchema.text, terminator: "")

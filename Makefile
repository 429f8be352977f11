PROTOS := $(wildcard proto/triggerd/v1/*.proto)

.PHONY: generate
generate:
	protoc-c -I proto --c_out=Sources/Schema/include $(PROTOS)
	mv Sources/Schema/include/triggerd/v1/*.c Sources/Schema/

import datetime

from google.protobuf import struct_pb2 as _struct_pb2
from google.protobuf import timestamp_pb2 as _timestamp_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class Namespace(_message.Message):
    __slots__ = ("name", "keys", "trusts", "quota", "metadata", "revision", "create_time", "update_time", "default_pool")
    class MetadataEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: _struct_pb2.Value
        def __init__(self, key: _Optional[str] = ..., value: _Optional[_Union[_struct_pb2.Value, _Mapping]] = ...) -> None: ...
    NAME_FIELD_NUMBER: _ClassVar[int]
    KEYS_FIELD_NUMBER: _ClassVar[int]
    TRUSTS_FIELD_NUMBER: _ClassVar[int]
    QUOTA_FIELD_NUMBER: _ClassVar[int]
    METADATA_FIELD_NUMBER: _ClassVar[int]
    REVISION_FIELD_NUMBER: _ClassVar[int]
    CREATE_TIME_FIELD_NUMBER: _ClassVar[int]
    UPDATE_TIME_FIELD_NUMBER: _ClassVar[int]
    DEFAULT_POOL_FIELD_NUMBER: _ClassVar[int]
    name: str
    keys: _containers.RepeatedCompositeFieldContainer[NamespaceKey]
    trusts: _containers.RepeatedScalarFieldContainer[str]
    quota: NamespaceQuota
    metadata: _containers.MessageMap[str, _struct_pb2.Value]
    revision: int
    create_time: _timestamp_pb2.Timestamp
    update_time: _timestamp_pb2.Timestamp
    default_pool: str
    def __init__(self, name: _Optional[str] = ..., keys: _Optional[_Iterable[_Union[NamespaceKey, _Mapping]]] = ..., trusts: _Optional[_Iterable[str]] = ..., quota: _Optional[_Union[NamespaceQuota, _Mapping]] = ..., metadata: _Optional[_Mapping[str, _struct_pb2.Value]] = ..., revision: _Optional[int] = ..., create_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., update_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., default_pool: _Optional[str] = ...) -> None: ...

class NamespaceKey(_message.Message):
    __slots__ = ("name", "node")
    NAME_FIELD_NUMBER: _ClassVar[int]
    NODE_FIELD_NUMBER: _ClassVar[int]
    name: str
    node: str
    def __init__(self, name: _Optional[str] = ..., node: _Optional[str] = ...) -> None: ...

class NamespaceQuota(_message.Message):
    __slots__ = ("interfaces", "floats", "addresses", "metadata_bytes")
    INTERFACES_FIELD_NUMBER: _ClassVar[int]
    FLOATS_FIELD_NUMBER: _ClassVar[int]
    ADDRESSES_FIELD_NUMBER: _ClassVar[int]
    METADATA_BYTES_FIELD_NUMBER: _ClassVar[int]
    interfaces: int
    floats: int
    addresses: int
    metadata_bytes: int
    def __init__(self, interfaces: _Optional[int] = ..., floats: _Optional[int] = ..., addresses: _Optional[int] = ..., metadata_bytes: _Optional[int] = ...) -> None: ...

class CreateTokenRequest(_message.Message):
    __slots__ = ("namespace", "key")
    NAMESPACE_FIELD_NUMBER: _ClassVar[int]
    KEY_FIELD_NUMBER: _ClassVar[int]
    namespace: str
    key: str
    def __init__(self, namespace: _Optional[str] = ..., key: _Optional[str] = ...) -> None: ...

class CreateTokenResponse(_message.Message):
    __slots__ = ("access_token", "token_type", "expires_in")
    ACCESS_TOKEN_FIELD_NUMBER: _ClassVar[int]
    TOKEN_TYPE_FIELD_NUMBER: _ClassVar[int]
    EXPIRES_IN_FIELD_NUMBER: _ClassVar[int]
    access_token: str
    token_type: str
    expires_in: int
    def __init__(self, access_token: _Optional[str] = ..., token_type: _Optional[str] = ..., expires_in: _Optional[int] = ...) -> None: ...

class CreateNamespaceRequest(_message.Message):
    __slots__ = ("name", "request_id")
    NAME_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    name: str
    request_id: str
    def __init__(self, name: _Optional[str] = ..., request_id: _Optional[str] = ...) -> None: ...

class GetNamespaceRequest(_message.Message):
    __slots__ = ("namespace", "min_revision")
    NAMESPACE_FIELD_NUMBER: _ClassVar[int]
    MIN_REVISION_FIELD_NUMBER: _ClassVar[int]
    namespace: str
    min_revision: int
    def __init__(self, namespace: _Optional[str] = ..., min_revision: _Optional[int] = ...) -> None: ...

class ListNamespacesRequest(_message.Message):
    __slots__ = ("page_size", "page_token", "min_revision")
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    MIN_REVISION_FIELD_NUMBER: _ClassVar[int]
    page_size: int
    page_token: str
    min_revision: int
    def __init__(self, page_size: _Optional[int] = ..., page_token: _Optional[str] = ..., min_revision: _Optional[int] = ...) -> None: ...

class ListNamespacesResponse(_message.Message):
    __slots__ = ("namespaces", "next_page_token", "revision")
    NAMESPACES_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    REVISION_FIELD_NUMBER: _ClassVar[int]
    namespaces: _containers.RepeatedCompositeFieldContainer[Namespace]
    next_page_token: str
    revision: int
    def __init__(self, namespaces: _Optional[_Iterable[_Union[Namespace, _Mapping]]] = ..., next_page_token: _Optional[str] = ..., revision: _Optional[int] = ...) -> None: ...

class DeleteNamespaceRequest(_message.Message):
    __slots__ = ("namespace", "request_id")
    NAMESPACE_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    namespace: str
    request_id: str
    def __init__(self, namespace: _Optional[str] = ..., request_id: _Optional[str] = ...) -> None: ...

class SetNamespaceKeyRequest(_message.Message):
    __slots__ = ("namespace", "key_name", "key", "node", "request_id")
    NAMESPACE_FIELD_NUMBER: _ClassVar[int]
    KEY_NAME_FIELD_NUMBER: _ClassVar[int]
    KEY_FIELD_NUMBER: _ClassVar[int]
    NODE_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    namespace: str
    key_name: str
    key: str
    node: str
    request_id: str
    def __init__(self, namespace: _Optional[str] = ..., key_name: _Optional[str] = ..., key: _Optional[str] = ..., node: _Optional[str] = ..., request_id: _Optional[str] = ...) -> None: ...

class SetNamespaceKeyResponse(_message.Message):
    __slots__ = ("key_name", "key")
    KEY_NAME_FIELD_NUMBER: _ClassVar[int]
    KEY_FIELD_NUMBER: _ClassVar[int]
    key_name: str
    key: str
    def __init__(self, key_name: _Optional[str] = ..., key: _Optional[str] = ...) -> None: ...

class DeleteNamespaceKeyRequest(_message.Message):
    __slots__ = ("namespace", "key_name", "request_id")
    NAMESPACE_FIELD_NUMBER: _ClassVar[int]
    KEY_NAME_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    namespace: str
    key_name: str
    request_id: str
    def __init__(self, namespace: _Optional[str] = ..., key_name: _Optional[str] = ..., request_id: _Optional[str] = ...) -> None: ...

class AddNamespaceTrustRequest(_message.Message):
    __slots__ = ("namespace", "external_namespace", "request_id")
    NAMESPACE_FIELD_NUMBER: _ClassVar[int]
    EXTERNAL_NAMESPACE_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    namespace: str
    external_namespace: str
    request_id: str
    def __init__(self, namespace: _Optional[str] = ..., external_namespace: _Optional[str] = ..., request_id: _Optional[str] = ...) -> None: ...

class RemoveNamespaceTrustRequest(_message.Message):
    __slots__ = ("namespace", "external_namespace", "request_id")
    NAMESPACE_FIELD_NUMBER: _ClassVar[int]
    EXTERNAL_NAMESPACE_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    namespace: str
    external_namespace: str
    request_id: str
    def __init__(self, namespace: _Optional[str] = ..., external_namespace: _Optional[str] = ..., request_id: _Optional[str] = ...) -> None: ...

class SetNamespaceQuotaRequest(_message.Message):
    __slots__ = ("namespace", "quota", "request_id")
    NAMESPACE_FIELD_NUMBER: _ClassVar[int]
    QUOTA_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    namespace: str
    quota: NamespaceQuota
    request_id: str
    def __init__(self, namespace: _Optional[str] = ..., quota: _Optional[_Union[NamespaceQuota, _Mapping]] = ..., request_id: _Optional[str] = ...) -> None: ...

class GetNamespaceMetadataRequest(_message.Message):
    __slots__ = ("namespace", "min_revision")
    NAMESPACE_FIELD_NUMBER: _ClassVar[int]
    MIN_REVISION_FIELD_NUMBER: _ClassVar[int]
    namespace: str
    min_revision: int
    def __init__(self, namespace: _Optional[str] = ..., min_revision: _Optional[int] = ...) -> None: ...

class GetNamespaceMetadataResponse(_message.Message):
    __slots__ = ("metadata",)
    class MetadataEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: _struct_pb2.Value
        def __init__(self, key: _Optional[str] = ..., value: _Optional[_Union[_struct_pb2.Value, _Mapping]] = ...) -> None: ...
    METADATA_FIELD_NUMBER: _ClassVar[int]
    metadata: _containers.MessageMap[str, _struct_pb2.Value]
    def __init__(self, metadata: _Optional[_Mapping[str, _struct_pb2.Value]] = ...) -> None: ...

class SetNamespaceMetadataItemRequest(_message.Message):
    __slots__ = ("namespace", "key", "value", "request_id")
    NAMESPACE_FIELD_NUMBER: _ClassVar[int]
    KEY_FIELD_NUMBER: _ClassVar[int]
    VALUE_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    namespace: str
    key: str
    value: _struct_pb2.Value
    request_id: str
    def __init__(self, namespace: _Optional[str] = ..., key: _Optional[str] = ..., value: _Optional[_Union[_struct_pb2.Value, _Mapping]] = ..., request_id: _Optional[str] = ...) -> None: ...

class DeleteNamespaceMetadataItemRequest(_message.Message):
    __slots__ = ("namespace", "key", "request_id")
    NAMESPACE_FIELD_NUMBER: _ClassVar[int]
    KEY_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    namespace: str
    key: str
    request_id: str
    def __init__(self, namespace: _Optional[str] = ..., key: _Optional[str] = ..., request_id: _Optional[str] = ...) -> None: ...

class SetNamespacePoolRequest(_message.Message):
    __slots__ = ("namespace", "pool_ref", "request_id")
    NAMESPACE_FIELD_NUMBER: _ClassVar[int]
    POOL_REF_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    namespace: str
    pool_ref: str
    request_id: str
    def __init__(self, namespace: _Optional[str] = ..., pool_ref: _Optional[str] = ..., request_id: _Optional[str] = ...) -> None: ...

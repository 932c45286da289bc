//! ONNX files: what they say, bounds-checked, before anything is made of it.
//!
//! **Source**: the ONNX specification's `onnx.proto`, of which only the fields that a network needs are read.

mod message;
mod tensor_proto;
mod wire;

pub(crate) use message::{
    Attribute, AttributeValue, DimProto, FunctionProto, GraphProto, ModelProto, NodeProto, ValueInfo, opset_of,
};
pub(crate) use tensor_proto::{External, tensor_from_proto};

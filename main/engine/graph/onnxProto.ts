/**
 * The part of ONNX's protobuf schema that this program writes and reads, described at run time.
 * Field names and numbers: onnx/onnx.proto (IR version 10). Encoding is @bufbuild/protobuf's.
 */
import { create, createFileRegistry, fromBinary, toBinary } from '@bufbuild/protobuf'
import {
  FieldDescriptorProto_Label as Label,
  FieldDescriptorProto_Type as Type,
  FileDescriptorProtoSchema,
} from '@bufbuild/protobuf/wkt'
import type { DescMessage, Message } from '@bufbuild/protobuf'

/** TensorProto.DataType numbers. */
export const ONNX_DTYPE = { f32: 1, u8: 2, i8: 3, i32: 6, i64: 7, bool: 9, f16: 10 } as const

/** AttributeProto.AttributeType numbers. */
export const ONNX_ATTRIBUTE = { float: 1, int: 2, string: 3, tensor: 4, floats: 6, ints: 7, strings: 8 } as const

/** key/value, as external data locations are written. */
export interface OnnxStringEntry {
  key: string
  value: string
}
/** A tensor: data inside (`rawData`, little-endian) or outside (`externalData`, `dataLocation` 1). */
export interface OnnxTensor {
  name: string
  dims: bigint[]
  dataType: number
  rawData?: Uint8Array
  externalData?: OnnxStringEntry[]
  dataLocation?: number
}
/** One named attribute of a node; `type` says which field counts. */
export interface OnnxAttribute {
  name: string
  type: number
  f?: number
  i?: bigint
  s?: Uint8Array
  t?: OnnxTensor
  floats?: number[]
  ints?: bigint[]
  strings?: Uint8Array[]
}
/** One operator application. */
export interface OnnxNode {
  name: string
  opType: string
  domain: string
  input: string[]
  output: string[]
  attribute: OnnxAttribute[]
}
/** A dimension: `dimValue` or `dimParam`. */
export interface OnnxDimension {
  value: { case: 'dimValue'; value: bigint } | { case: 'dimParam'; value: string }
}
/** A graph input or output with its type. */
export interface OnnxValueInfo {
  name: string
  type: { value: { case: 'tensorType'; value: { elemType: number; shape: { dim: OnnxDimension[] } } } }
}
/** A graph. */
export interface OnnxGraph {
  name: string
  node: OnnxNode[]
  initializer: OnnxTensor[]
  input: OnnxValueInfo[]
  output: OnnxValueInfo[]
}
/** A whole model file. */
export interface OnnxModel {
  irVersion: bigint
  producerName: string
  producerVersion: string
  graph: OnnxGraph
  opsetImport: { domain: string; version: bigint }[]
}

type FieldType = 'int32' | 'int64' | 'float' | 'double' | 'uint64' | 'string' | 'bytes' | 'enum' | `.${string}`
interface Field {
  readonly name: string
  readonly number: number
  readonly type: FieldType
  readonly repeated?: boolean
  readonly packed?: boolean
  /** Member of the message's one oneof, which is called `value`. */
  readonly choice?: boolean
}

const one = (name: string, number: number, type: FieldType): Field => ({ name, number, type })
const many = (name: string, number: number, type: FieldType): Field => ({ name, number, type, repeated: true })
const packed = (name: string, number: number, type: FieldType): Field => ({ name, number, type, repeated: true, packed: true })
const choice = (name: string, number: number, type: FieldType): Field => ({ name, number, type, choice: true })

const MESSAGES: Readonly<Record<string, readonly Field[]>> = {
  StringStringEntryProto: [one('key', 1, 'string'), one('value', 2, 'string')],
  OperatorSetIdProto: [one('domain', 1, 'string'), one('version', 2, 'int64')],
  TensorProto: [
    many('dims', 1, 'int64'),
    one('data_type', 2, 'int32'),
    packed('float_data', 4, 'float'),
    packed('int32_data', 5, 'int32'),
    many('string_data', 6, 'bytes'),
    packed('int64_data', 7, 'int64'),
    one('name', 8, 'string'),
    one('raw_data', 9, 'bytes'),
    packed('double_data', 10, 'double'),
    packed('uint64_data', 11, 'uint64'),
    one('doc_string', 12, 'string'),
    many('external_data', 13, '.StringStringEntryProto'),
    one('data_location', 14, 'enum'),
  ],
  AttributeProto: [
    one('name', 1, 'string'),
    one('f', 2, 'float'),
    one('i', 3, 'int64'),
    one('s', 4, 'bytes'),
    one('t', 5, '.TensorProto'),
    one('g', 6, '.GraphProto'),
    many('floats', 7, 'float'),
    many('ints', 8, 'int64'),
    many('strings', 9, 'bytes'),
    many('tensors', 10, '.TensorProto'),
    one('type', 20, 'enum'),
  ],
  NodeProto: [
    many('input', 1, 'string'),
    many('output', 2, 'string'),
    one('name', 3, 'string'),
    one('op_type', 4, 'string'),
    many('attribute', 5, '.AttributeProto'),
    one('doc_string', 6, 'string'),
    one('domain', 7, 'string'),
  ],
  Dimension: [choice('dim_value', 1, 'int64'), choice('dim_param', 2, 'string')],
  TensorShapeProto: [many('dim', 1, '.Dimension')],
  TensorTypeProto: [one('elem_type', 1, 'int32'), one('shape', 2, '.TensorShapeProto')],
  TypeProto: [choice('tensor_type', 1, '.TensorTypeProto')],
  ValueInfoProto: [one('name', 1, 'string'), one('type', 2, '.TypeProto'), one('doc_string', 3, 'string')],
  GraphProto: [
    many('node', 1, '.NodeProto'),
    one('name', 2, 'string'),
    many('initializer', 5, '.TensorProto'),
    one('doc_string', 10, 'string'),
    many('input', 11, '.ValueInfoProto'),
    many('output', 12, '.ValueInfoProto'),
    many('value_info', 13, '.ValueInfoProto'),
  ],
  ModelProto: [
    one('ir_version', 1, 'int64'),
    one('producer_name', 2, 'string'),
    one('producer_version', 3, 'string'),
    one('domain', 4, 'string'),
    one('model_version', 5, 'int64'),
    one('doc_string', 6, 'string'),
    one('graph', 7, '.GraphProto'),
    many('opset_import', 8, '.OperatorSetIdProto'),
  ],
}

const SCALARS: Readonly<Record<string, Type>> = {
  int32: Type.INT32,
  // ONNX's enums travel as plain varints, so they are described as such.
  enum: Type.INT32,
  int64: Type.INT64,
  uint64: Type.UINT64,
  float: Type.FLOAT,
  double: Type.DOUBLE,
  string: Type.STRING,
  bytes: Type.BYTES,
}

function describeField(field: Field) {
  const isMessage = field.type.startsWith('.')
  return {
    name: field.name,
    jsonName: field.name.replace(/_(\w)/g, (_, letter: string) => letter.toUpperCase()),
    number: field.number,
    label: field.repeated ? Label.REPEATED : Label.OPTIONAL,
    type: isMessage ? Type.MESSAGE : SCALARS[field.type]!,
    ...(isMessage ? { typeName: `.onnx${field.type}` } : {}),
    ...(field.choice ? { oneofIndex: 0 } : {}),
    ...(field.packed ? { options: { packed: true } } : {}),
  }
}

const registry = createFileRegistry(
  create(FileDescriptorProtoSchema, {
    name: 'onnx.proto',
    package: 'onnx',
    syntax: 'proto2',
    messageType: Object.entries(MESSAGES).map(([name, fields]) => ({
      name,
      field: fields.map(describeField),
      oneofDecl: fields.some((field) => field.choice) ? [{ name: 'value' }] : [],
    })),
  }),
  () => undefined,
)
const modelSchema = registry.getMessage('onnx.ModelProto') as DescMessage

/** The bytes of a model. */
export function encodeModel(model: OnnxModel): Uint8Array {
  // The schema is made at run time, so its generated type is unknown to the compiler; OnnxModel is that type by hand.
  return toBinary(modelSchema, create(modelSchema, model as unknown as Message))
}

/** The model in `bytes`; unknown fields are kept aside. */
export function decodeModel(bytes: Uint8Array): OnnxModel {
  return fromBinary(modelSchema, bytes) as unknown as OnnxModel
}

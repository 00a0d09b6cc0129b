/**
 * TensorBoard's event files: records of TFRecord (length, masked CRC-32C of both parts), each an Event of
 * tensorflow/core/util/event.proto. No package that is kept writes them, so the few messages stand here. (The version
 * of protobufjs is that of @temporalio, which reads histories from JSON only with this one beside it.)
 */
import protobuf from 'protobufjs';

/** Parts of TensorFlow's and TensorBoard's schemas, with their field numbers; what is not written is left out. */
const SCHEMA = `
  syntax = "proto3";
  message Event {
    double wall_time = 1;
    int64 step = 2;
    string file_version = 3;
    Summary summary = 5;
  }
  message Summary {
    message Value {
      string tag = 1;
      float simple_value = 2;
      TensorProto tensor = 8;
      Metadata metadata = 9;
    }
    repeated Value value = 1;
  }
  message Metadata {
    message PluginData { string plugin_name = 1; bytes content = 2; }
    PluginData plugin_data = 1;
  }
  message TensorProto {
    int32 dtype = 1;
    Shape tensor_shape = 2;
    repeated bytes string_val = 8;
  }
  message Shape {
    message Dim { int64 size = 1; }
    repeated Dim dim = 2;
  }

  message HParamsPluginData {
    int32 version = 1;
    Experiment experiment = 2;
    SessionStart session_start_info = 3;
    SessionEnd session_end_info = 4;
  }
  message Experiment {
    repeated HParamInfo hparam_infos = 4;
    repeated MetricInfo metric_infos = 5;
    string name = 6;
  }
  message HParamInfo { string name = 1; int32 type = 4; bool differs = 7; }
  message MetricInfo {
    message Name { string group = 1; string tag = 2; }
    Name name = 1;
    string display_name = 3;
  }
  message SessionStart {
    map<string, Value> hparams = 1;
    string group_name = 4;
    double start_time_secs = 5;
  }
  message SessionEnd { int32 status = 1; double end_time_secs = 2; }
  message Value {
    oneof kind { double number_value = 2; string string_value = 3; }
  }
`;
const { root } = protobuf.parse(SCHEMA, { keepCase: true });

/** An Event as a plain object, by the names of the schema; wall times in seconds. */
export interface EventFields {
  wall_time: number;
  step?: number;
  file_version?: string;
  summary?: { value: object[] };
}

export function encoded(message: 'Event' | 'HParamsPluginData', fields: object): Uint8Array {
  const type = root.lookupType(message);
  return type.encode(type.fromObject(fields)).finish();
}

/** The whole file. */
export function eventFile(events: readonly EventFields[], wallTimeS: number): Buffer {
  const first: EventFields = { wall_time: wallTimeS, file_version: 'brain.Event:2' };
  return Buffer.concat([first, ...events].map((event) => framed(encoded('Event', event))));
}

function framed(data: Uint8Array): Buffer {
  const record = Buffer.alloc(12 + data.length + 4);
  record.writeBigUInt64LE(BigInt(data.length), 0);
  record.writeUInt32LE(maskedCrc(record.subarray(0, 8)), 8);
  record.set(data, 12);
  record.writeUInt32LE(maskedCrc(data), 12 + data.length);
  return record;
}

/** As TFRecord says: rotated and moved, so that data that holds checksums is no special case. */
function maskedCrc(data: Uint8Array): number {
  const crc = crc32c(data);
  return (((crc >>> 15) | (crc << 17)) + 0xa282ead8) >>> 0;
}

/** Castagnoli's polynomial, reflected. */
const CRC_TABLE = Uint32Array.from({ length: 256 }, (_, index) => {
  let value = index;
  for (let bit = 0; bit < 8; bit += 1) value = value & 1 ? (value >>> 1) ^ 0x82f63b78 : value >>> 1;
  return value;
});

export function crc32c(data: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of data) crc = (crc >>> 8) ^ CRC_TABLE[(crc ^ byte) & 0xff]!;
  return (crc ^ 0xffffffff) >>> 0;
}

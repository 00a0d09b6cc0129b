/** The failure converter of runs with a key, in the form in which the SDK loads one: messages and stacks become payloads. */
import common = require('@temporalio/common');

export = { failureConverter: new common.DefaultFailureConverter({ encodeCommonAttributes: true }) };

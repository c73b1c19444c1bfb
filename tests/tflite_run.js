// tflite_run.js FOLDER MODEL.tflite OUTDIR INPUT.f32
// Runs a TFLite model once in TensorFlow Lite, compiled to WebAssembly, whose two files lie in FOLDER,
// and writes its outputs: OUTDIR/<i>.f32 and OUTDIR/outputs.tsv (index, name, dimensions). A model of
// a larger batch gets the input as often as it takes. For tests.
"use strict";
const fs = require("fs");
const path = require("path");
const vm = require("vm");

const [folder, modelPath, outdir, inputPath] = process.argv.slice(2);
const library = path.join(folder, "tflite_web_api_cc_simd");

function floats(file) {
    const bytes = fs.readFileSync(file);
    return new Float32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length));
}

// The package is for a browser: it asks where its script came from.
function loadLibrary() {
    globalThis.window = globalThis.self = globalThis;
    globalThis.document = { currentScript: { src: "file://" + library + ".js" } };
    vm.runInThisContext(fs.readFileSync(library + ".js", "utf8"));
    const make = vm.runInThisContext("tflite_web_api_ModuleFactory");
    return make({ wasmBinary: fs.readFileSync(library + ".wasm"), printErr: () => {} });
}

function tensors(list) {
    return Array.from({ length: list.size() }, (_, i) => list.get(i));
}

async function main() {
    const lite = await loadLibrary();
    const model = fs.readFileSync(modelPath);
    const place = lite._malloc(model.length);
    lite.HEAPU8.set(model, place);
    const made = lite.TFLiteWebModelRunner.CreateFromBufferAndOptions(place, model.length, {
        numThreads: 1, enableProfiling: false, maxProfilingBufferEntries: 1,
        enableWebNNDelegate: false, webNNDevicePreference: 0 });
    if (!made.ok()) {
        throw new Error(made.errorMessage());
    }
    const runner = made.value();
    const input = tensors(runner.GetInputs())[0].data();
    const x = floats(inputPath);
    for (let at = 0; at < input.length; at += x.length) {
        input.set(x, at);
    }
    if (!runner.Infer()) {
        throw new Error("no inference");
    }
    const lines = tensors(runner.GetOutputs()).map((output, i) => {
        const numbers = Float32Array.from(output.data());
        fs.writeFileSync(path.join(outdir, i + ".f32"), Buffer.from(numbers.buffer));
        return [i, output.name, ...output.shape.split(",")].join("\t");
    });
    fs.writeFileSync(path.join(outdir, "outputs.tsv"), lines.join("\n") + "\n");
}

main().catch((error) => {
    console.error("tflite_run: " + (error.message || error));
    process.exit(1);
});

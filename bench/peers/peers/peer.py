"""What the Python peers share: the protocol of child.mjs, the files of data.mjs, and timing. Run as `PEER.py THREADS [--fit TASK FOLDER]`."""

import json
import os
import sys
import time

BURST = 2e-3


def answer(message):
    print("\n@@" + json.dumps(message), flush=True)


def read_data(task, folder):
    """(x, y, weights) as NumPy arrays: all rows, and one [units, inputs] array per dense layer."""
    import numpy

    def at(suffix, dtype):
        return numpy.fromfile(os.path.join(folder, task["name"] + "." + suffix), dtype)

    widths = task["widths"]
    x = at("x.f32", numpy.float32).reshape(-1, widths[0])
    flat, weights, start = at("w.f32", numpy.float32), [], 0
    for inputs, units in zip(widths, widths[1:]):
        weights.append(flat[start : start + inputs * units].reshape(units, inputs).copy())
        start += inputs * units
    return x, at("y.i32", numpy.int32), weights


def batches_of(task, x, y):
    rows = task["rows"]
    return [(x[i * rows : (i + 1) * rows].copy(), y[i * rows : (i + 1) * rows].copy()) for i in range(task["batches"])]


def show(task, step):
    start = time.perf_counter()
    first = step()
    seconds = time.perf_counter() - start
    if task["kind"] == "predict":
        return {"outputs": [float(v) for v in first[0]], "seconds": seconds}
    losses = [float(first)]
    if seconds < 6:
        losses += [float(step()) for _ in range(3 * task["batches"] - 1)]
    return {"losses": losses, "seconds": seconds}


def burst(step, count):
    start = time.perf_counter()
    for _ in range(count):
        step()
    return time.perf_counter() - start


def measure(step, seconds):
    step()
    count, took = 1, burst(step, 1)
    while took < BURST:
        count *= 2
        took = burst(step, count)
    samples = [took / count]
    end = time.perf_counter() + seconds - took
    while time.perf_counter() < end:
        samples.append(burst(step, count) / count)
    samples.sort()
    return {"min": samples[0], "median": samples[len(samples) // 2], "samples": len(samples)}


def serve(versions, prepare, fitted):
    """prepare(task, data) gives the step; fitted(task, data) trains from beginning to end and gives the accuracy."""
    if len(sys.argv) > 2:
        task = json.loads(sys.argv[3])
        answer({"accuracy": float(fitted(task, read_data(task, sys.argv[4])))})
        return
    answer({"versions": versions})
    step = None
    for line in sys.stdin:
        request = json.loads(line)
        try:
            if "prepare" in request:
                task = request["prepare"]
                step = prepare(task, read_data(task, request["folder"]))
                answer(show(task, step))
            else:
                answer(measure(step, request["round"]))
        except Exception as error:
            answer({"error": repr(error)})

"""scikit-learn's MLPClassifier, a partial_fit a step. It has neither batch norm nor dropout; weights are its own; alpha is 0."""

import sys
import warnings

import numpy
import sklearn
from peer import batches_of, serve
from sklearn.neural_network import MLPClassifier
from threadpoolctl import threadpool_limits

threadpool_limits(int(sys.argv[1]))  # of the libraries that are loaded by now
warnings.filterwarnings("ignore")


def net_of(task, epochs=1):
    rule = task.get("optimizer", {"name": "adam", "learningRate": 1e-3})
    return MLPClassifier(
        hidden_layer_sizes=tuple(task["widths"][1:-1]),
        solver=rule["name"],
        learning_rate_init=rule["learningRate"],
        momentum=rule.get("momentum", 0.0),
        nesterovs_momentum=False,
        alpha=0.0,
        batch_size=task["rows"],
        max_iter=epochs,
        tol=0.0,
        n_iter_no_change=10**9,
        random_state=1,
    )


def prepare(task, data):
    x, y, _ = data
    net, classes = net_of(task), numpy.arange(task["widths"][-1])
    batches = batches_of(task, x, y)
    net.partial_fit(*batches[0], classes=classes)
    if task["kind"] == "predict":
        return lambda: net.predict_proba(batches[0][0])
    turn = [0]

    def step():
        batch = batches[turn[0] % len(batches)]
        turn[0] += 1
        net.partial_fit(*batch)
        return net.loss_

    return step


def fitted(task, data):
    x, y, _ = data
    return net_of(task, task["epochs"]).fit(x, y).score(x, y)


serve(f"scikit-learn {sklearn.__version__}", prepare, fitted)

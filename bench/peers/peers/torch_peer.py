"""PyTorch on the processor: the usual loop, eager, the loss read at each step."""

import sys

import torch
from peer import batches_of, serve
from torch import nn

torch.set_num_threads(int(sys.argv[1]))
torch.manual_seed(1)


def net_of(task, weights=None):
    widths, layers = task["widths"], []
    for i, (inputs, units) in enumerate(zip(widths, widths[1:])):
        dense = nn.Linear(inputs, units)
        if weights is not None:
            with torch.no_grad():
                dense.weight.copy_(torch.from_numpy(weights[i]))
                dense.bias.zero_()
        layers.append(dense)
        if i == len(widths) - 2:
            break
        if task.get("batchNorm"):
            layers.append(nn.BatchNorm1d(units))
        layers.append(nn.ReLU())
        if task.get("dropout"):
            layers.append(nn.Dropout(task["dropout"]))
    return nn.Sequential(*layers)


def optimizer_of(task, net):
    rule = task["optimizer"]
    if rule["name"] == "adam":
        return torch.optim.Adam(net.parameters(), lr=rule["learningRate"])
    return torch.optim.SGD(net.parameters(), lr=rule["learningRate"], momentum=rule["momentum"])


def step_of(net, optimizer):
    loss_of = nn.CrossEntropyLoss()

    def step(x, y):
        optimizer.zero_grad()
        loss = loss_of(net(x), y)
        loss.backward()
        optimizer.step()
        return loss.item()

    return step


def prepare(task, data):
    x, y, weights = data
    net = net_of(task, weights)
    batches = [(torch.from_numpy(a), torch.from_numpy(b).long()) for a, b in batches_of(task, x, y)]
    if task["kind"] == "predict":
        net.eval()

        def predict():
            with torch.inference_mode():
                return net(batches[0][0]).numpy()

        return predict
    train, turn = step_of(net, optimizer_of(task, net)), [0]

    def step():
        batch = batches[turn[0] % len(batches)]
        turn[0] += 1
        return train(*batch)

    return step


def fitted(task, data):
    x, y = torch.from_numpy(data[0]), torch.from_numpy(data[1]).long()
    net = net_of(task)
    train = step_of(net, optimizer_of(task, net))
    for _ in range(task["epochs"]):
        order = torch.randperm(len(y))
        for at in range(0, len(y), task["rows"]):
            rows = order[at : at + task["rows"]]
            if len(rows) > 1 or not task.get("batchNorm"):
                train(x[rows], y[rows])
    net.eval()
    with torch.inference_mode():
        return (net(x).argmax(1) == y).float().mean().item()


serve(f"PyTorch {torch.__version__}, {torch.get_num_threads()} threads", prepare, fitted)

"""The tasks of tasks.ts in PyTorch, one thread. Prints {name: seconds of the fastest step} as JSON."""

import json
import sys
import time

import torch
from torch import nn

torch.set_num_threads(1)
torch.manual_seed(1)


def digits():
    layers = []
    for a, b in ((64, 128), (128, 64)):
        layers += [nn.Linear(a, b), nn.BatchNorm1d(b), nn.ReLU(), nn.Dropout(0.2)]
    return nn.Sequential(*layers, nn.Linear(64, 10))


def mnist():
    layers = []
    for a, b in ((784, 512), (512, 512)):
        layers += [nn.Linear(a, b), nn.ReLU(), nn.Dropout(0.2)]
    return nn.Sequential(*layers, nn.Linear(512, 10))


def adam(parameters):
    return torch.optim.Adam(parameters)


def momentum(parameters):
    return torch.optim.SGD(parameters, lr=0.01, momentum=0.9)


TASKS = {
    "iris": (lambda: nn.Sequential(nn.Linear(4, 16), nn.ReLU(), nn.Linear(16, 3)), momentum, 16, 4, 3),
    "digits": (digits, adam, 32, 64, 10),
    "mnist": (mnist, adam, 128, 784, 10),
    "wide": (
        lambda: nn.Sequential(nn.Linear(1024, 2048), nn.ReLU(), nn.Linear(2048, 1024), nn.ReLU(), nn.Linear(1024, 10)),
        adam,
        256,
        1024,
        10,
    ),
}


def seconds_of_step(name, seconds):
    make, optimizer_of, rows, columns, classes = TASKS[name]
    net = make()
    optimizer = optimizer_of(net.parameters())
    loss_of = nn.CrossEntropyLoss()
    x, y = torch.rand(rows, columns), torch.randint(0, classes, (rows,))
    least = float("inf")
    end = time.perf_counter() + seconds
    steps = 0
    while steps < 10 or time.perf_counter() < end:
        begin = time.perf_counter()
        optimizer.zero_grad()
        loss = loss_of(net(x), y)
        loss.backward()
        optimizer.step()
        loss.item()
        least = min(least, time.perf_counter() - begin)
        steps += 1
    return least


print(json.dumps({name: seconds_of_step(name, float(sys.argv[1])) for name in sys.argv[2:]}))

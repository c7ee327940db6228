"""What to write instead of NumPy's functions that are not supported on Tensors, and of words that other libraries have:
data for messages and for the list."""

from __future__ import annotations

from collections.abc import Mapping

OWN = "; tg.operation('name', {0}, lambda g, out, x: ...) makes an operation of it, with its derivative"
IN_PLACE = "np.where(mask, new, x), as a Tensor's numbers never change"

INSTEAD = {  # the name in a message, and what does the same with what is supported
    "numpy.apply_along_axis": "np.stack([f(row) for row in x])",
    "numpy.copysign": "np.abs(x) * np.sign(y)",
    "numpy.copyto": IN_PLACE,
    "numpy.convolve": "sum(np.pad(w[k] * x, (k, len(w) - 1 - k)) for k in range(len(w)))",
    "numpy.correlate": "sum(w[k] * x[k : len(x) - len(w) + k + 1] for k in range(len(w)))",
    "numpy.corrcoef": "z = (x - np.mean(x)) / np.std(x), then products of such z",
    "numpy.cov": "d = x - np.mean(x, axis=1, keepdims=True), then d @ d.T / (n - 1)",
    "numpy.cumulative_prod": "np.cumprod",
    "numpy.cumulative_sum": "np.cumsum",
    "numpy.ediff1d": "np.diff",
    "numpy.fill_diagonal": IN_PLACE,
    "numpy.fix": "np.trunc",
    "numpy.geomspace": "start * (stop / start) ** np.linspace(0, 1, n)",
    "numpy.gradient": "(x[2:] - x[:-2]) / 2 inside, np.diff at the ends",
    "numpy.heaviside": "np.where(x > 0, 1.0, 0.0)",
    "numpy.histogram": "np.histogram(x.detach().numpy()): counts have no gradient",
    "numpy.linspace": "start + (stop - start) * np.linspace(0, 1, n)",
    "numpy.median": "np.mean(np.sort(x)[(n - 1) // 2 : n // 2 + 1]), with n = len(x)",
    "numpy.meshgrid": "np.broadcast_arrays(x[None, :], y[:, None])",
    "numpy.modf": "np.trunc(x) for the whole part, x - np.trunc(x) for the rest",
    "numpy.nanmax": "np.max(np.where(np.isnan(x), -np.inf, x))",
    "numpy.nanmin": "np.min(np.where(np.isnan(x), np.inf, x))",
    "numpy.nanprod": "np.prod(np.where(np.isnan(x), 1.0, x))",
    "numpy.nanstd": "np.sqrt(np.nanmean((x - np.nanmean(x)) ** 2))",
    "numpy.nanvar": "np.nanmean((x - np.nanmean(x)) ** 2)",
    "numpy.percentile": "np.sort(x) and an index",
    "numpy.piecewise": "np.select(conditions, choices)",
    "numpy.place": IN_PLACE,
    "numpy.polyval": "Horner's rule: y = 0, then y = y * x + c for every c of the coefficients",
    "numpy.put": IN_PLACE,
    "numpy.put_along_axis": IN_PLACE,
    "numpy.putmask": IN_PLACE,
    "numpy.quantile": "np.sort(x) and an index",
    "numpy.resize": "np.tile, then np.reshape",
    "numpy.trapezoid": "np.sum((y[1:] + y[:-1]) / 2 * np.diff(x))",
    "numpy.unique": "values, index = np.unique(x.detach().numpy(), return_index=True), then x[index]",
    "numpy.unstack": "list(x), or x[i]",
    "numpy.vander": "x[:, None] ** np.arange(n)",
    "numpy.linalg.lstsq": "np.linalg.solve(A.T @ A, A.T @ b)",
    "numpy.linalg.matrix_norm": "np.linalg.norm(x, axis=(-2, -1))",
    "numpy.linalg.pinv": "np.linalg.solve(A.T @ A, A.T)",
    "numpy.linalg.vector_norm": "np.linalg.norm",
    "scipy.special.expit": "tg.sigmoid",
    "scipy.special.log_expit": "-tg.softplus(-x)",
    "scipy.special.logit": "np.log(x / (1 - x))",
    "scipy.special.xlogy": "np.where(x == 0, 0.0, x * np.log(np.where(x == 0, 1.0, y)))",
    "scipy.special.entr": "-x * np.log(x)",
    "scipy.special.rel_entr": "x * np.log(x / y)",
    "numpy.add.accumulate": "np.cumsum",
    "numpy.add.at": "x + tg.scatter_add(y, index, x.shape)",
    "numpy.add.outer": "x[:, None] + y",
    "numpy.add.reduce": "np.sum",
    "numpy.maximum.reduce": "np.max",
    "numpy.minimum.reduce": "np.min",
    "numpy.multiply.accumulate": "np.cumprod",
    "numpy.multiply.outer": "x[:, None] * y",
    "numpy.multiply.reduce": "np.prod",
    "numpy.subtract.outer": "x[:, None] - y",
}

CPU = "there are no devices, NumPy computes on the CPU: leave it out"
BY_HAND = "write the loop: optimiser.zero_grad(), loss.backward(), optimiser.step()"
NO_MODES = "leave it out: a layer does the same in training and after it"
LEAVES = "write parameters(), the leaves, each with its name; they pickle"
OF_A_LEAF = "write W.data = numbers or W.data -= step for a leaf: what was recorded never changes"
MODULES = "a layer is any function of columns, and what has weights lists them in parameters()"
LAYERS = {  # what there is of layers and optimisers, for words of other libraries
    "Linear FullyConnected": "write tg.networks.Dense(inputs, outputs)",
    "Sequential MLP": "write tg.networks.Sequence(tg.networks.Dense(...), ...)",
    "Module Model Layer": MODULES,
    "RMSprop RMSProp Adagrad AdamW": "write tg.networks.Adam, or a subclass of Optimiser with a direction(i, g)",
    "Optimizer": "write tg.networks.Optimiser, which has the subclasses SGD, Momentum and Adam",
    "dropout Dropout": "write x * (rng.random(x.shape) > p) / (1 - p)",
    "conv1d conv2d Conv1d Conv2d Conv2D": "write a sum of slices: W[i, j] * X[i : m + i, j : n + j] for every i, j",
    "layer_norm LayerNorm": "write (x - np.mean(x, axis=0)) / np.std(x, axis=0)",
    "batch_norm BatchNorm1d BatchNorm":
    "write (x - np.mean(x, axis=1, keepdims=True)) / np.std(x, axis=1, keepdims=True)",
}
DATA = {
    "mnist MNIST load_digits": "write tg.data.digits()", "load_iris": "write tg.data.iris()",
    "onehot to_categorical OneHotEncoder": "write tg.data.one_hot(labels, classes)",
    "DataLoader Dataset TensorDataset batches":
    "write for batch in np.array_split(rng.permutation(n), parts): X[:, batch]",
}
HABITS: Mapping[str, Mapping[str, str]] = {  # words of other libraries by whom they are asked of; {0} is the word
    "tinygrad_edu.networks": {
        **LAYERS, "ReLU Sigmoid Tanh Softmax LeakyReLU GELU SiLU": "write the function: tg.relu, tg.softmax and so on",
    },
    "tinygrad_edu.data": DATA,
    "tinygrad_edu": {
        **LAYERS, **DATA,
        "Dense Sequence Optimiser SGD Momentum Adam": "write tg.networks.{0}",
        "digits iris one_hot": "write tg.data.{0}",
        "tensor Variable Parameter Value": "write tg.Tensor(numbers, requires_grad=True)",
        "as_tensor from_numpy constant convert_to_tensor": "write tg.Tensor(numbers)",
        "rand randn randint random normal uniform seed manual_seed":
        "write np.random.default_rng(seed).normal(size=shape)",
        "nn optim optimizer optimizers layers keras":
        "write tg.networks, which has Dense, Sequence, SGD, Momentum, Adam",
        "numpy": "write import numpy as np: NumPy's functions take Tensors", "datasets utils": "write tg.data",
        "jacobian_vector_product": "write tg.jvp", "vector_jacobian_product": "write tg.vjp",
        "F functional": "write tg.relu, tg.softmax and so on",
        "losses": "write tg.squared_error, tg.huber, tg.cross_entropy or tg.softmax_cross_entropy",
        "mse mse_loss MSELoss mean_squared_error":
        "write tg.mean((t - a) ** 2), or tg.squared_error(t, a), ½ Σ (t − a)²",
        "mae l1_loss L1Loss mean_absolute_error": "write tg.mean(abs(t - a))",
        "bce BCELoss binary_cross_entropy binary_crossentropy":
        "write tg.cross_entropy(t, a) + tg.cross_entropy(1 - t, 1 - a)",
        "binary_cross_entropy_with_logits BCEWithLogitsLoss": "write tg.sum(tg.softplus(z) - t * z)",
        "CrossEntropyLoss cross_entropy_loss categorical_crossentropy sparse_categorical_crossentropy nll_loss NLLLoss "
        "softmax_cross_entropy_with_logits": "write tg.softmax_cross_entropy(t, z) with t = tg.data.one_hot(labels, k)",
        "kl_div KLDivLoss": "write tg.sum(p * tg.log(p / q))",
        "smooth_l1_loss huber_loss HuberLoss": "write tg.huber(t, a)",
        "cat concat": "write tg.concatenate([x, y], axis=0)", "mm bmm mv": "write x @ y", "t T": "write x.T",
        "sub": "write x - y", "mul": "write x * y", "div": "write x / y", "neg": "write -x", "pow": "write x ** n",
        "reduce_sum": "write tg.sum(x)", "reduce_mean": "write tg.mean(x)", "reduce_max": "write tg.max(x)",
        "clamp clip_by_value": "write tg.clip(x, low, high)", "swish": "write tg.silu",
        "logistic expit": "write tg.sigmoid",
        "logsigmoid log_sigmoid": "write -tg.softplus(-x)", "softsign": "write x / (1 + np.abs(x))",
        "elu": "write np.where(x > 0, x, np.expm1(np.minimum(x, 0)))",
        "clip_grad_norm_": "write W.grad *= min(1, limit / np.linalg.norm(W.grad))",
        "enable_grad inference_mode set_grad_enabled": "write with tg.no_grad(): ...; outside of it all is recorded",
        "GradientTape": "operations on leaves are recorded without it: write loss.backward(), then W.grad",
        "autograd gradient gradients backward": "write tg.grad(f)(x), or loss.backward() and W.grad",
        "elementwise_grad": "write tg.grad(lambda x: tg.sum(f(x)))", "jacfwd jacrev": "write tg.jacobian(f)(x)",
        "jit function": "write tg.compile(f), which gives f and its gradient", "gradcheck": "write tg.check_grad(f, x)",
        "vmap pmap": "functions take whole arrays, and a batch is a matrix of columns: leave it out",
        "stop_grad detach": "write tg.stop_gradient(x)", "remat": "write tg.checkpoint(f)",
        "plot show draw_dot make_dot plot_model": "write tg.draw(loss)", "device cuda cpu": CPU,
        "is_tensor": "write isinstance(x, tg.Tensor)", "numel": "write x.size", "flatten": "write tg.ravel(x)",
        "unsqueeze": "write tg.expand_dims(x, axis)", "view": "write tg.reshape(x, shape)",
        "permute": "write tg.transpose(x, axes)", "masked_fill": "write tg.where(mask, value, x)",
        "gather": "write tg.take_along_axis(x, index, axis)",
        "save load": "write pickle.dump(leaves, file), or np.savez",
    },
    "Tensor": {
        "view": "write x.reshape(shape)", "unsqueeze": "write x[None], x[:, None] or tg.expand_dims(x, axis)",
        "permute": "write x.transpose(axes)", "expand": "write tg.broadcast_to(x, shape)", "t H": "write x.T",
        "dim": "write x.ndim", "numel nelement": "write x.size", "clamp": "write x.clip(low, high)",
        "cat": "write tg.concatenate",
        "mm bmm mv matmul": "write x @ y", "add": "write x + y", "sub subtract": "write x - y",
        "mul multiply": "write x * y",
        "div divide": "write x / y", "pow power": "write x ** n", "neg negative": "write -x",
        "abs absolute": "write abs(x)",
        "cpu cuda to device is_cuda block_until_ready": CPU, "contiguous": "leave it out", "unbind": "write list(x)",
        "float double half int long bool type": "write x.astype(dtype)", "clone": "write x.copy(), or x.detach()",
        "value values val array to_numpy": "write x.data to read the numbers, x.numpy() for a copy",
        "label": "write x.name, or x.named('a') to set it", "gradient": "write x.grad",
        "backwards backprop": "write x.backward()", "detach_": "write x.detach()", "zero_grad_": "write x.zero_grad()",
        "requires_grad_": "write tg.Tensor(numbers, requires_grad=True)", "eval": "write x.numpy()",
        "is_leaf grad_fn creator _prev _op": "write tg.tape(x) for how it was computed",
        "retain_grad register_hook": "write tg.adjoints(loss, x), the gradient of any recorded tensor",
        "assign assign_add assign_sub copy_ set_ fill_ zero_ add_ sub_ mul_ div_ clamp_ normal_ uniform_ set_value":
        OF_A_LEAF,
        "at": "write tg.where(mask, new, x): a tensor's numbers never change",
        "masked_fill": "write tg.where(mask, value, x)",
        "gather": "write tg.take_along_axis(x, index, axis)",
        "zeros ones eye arange full empty": "write tg.Tensor(np.{0}(...), requires_grad=True)",
        "rand randn uniform": "write tg.Tensor(np.random.default_rng(seed).normal(size=shape), requires_grad=True)",
    },
    "Dense": {
        "weight weights kernel": "write layer.W", "bias biases": "write layer.b", "train eval training": NO_MODES,
        "fit compile": BY_HAND, "forward predict apply": "write layer(X)", "zero_grad": "write optimiser.zero_grad()",
        "state_dict load_state_dict named_parameters get_weights set_weights": LEAVES, "to cpu cuda": CPU,
    },
    "Sequence": {
        "weights bias trainable_variables": LEAVES, "train eval training": NO_MODES, "fit compile": BY_HAND,
        "forward predict apply": "write network(X)", "zero_grad": "write optimiser.zero_grad()", "to cpu cuda": CPU,
        "state_dict load_state_dict named_parameters get_weights set_weights": LEAVES,
        "add append": "write Sequence(*layers), all at once", "summary": "write print(network)",
    },
    "Optimiser": {
        "lr learning_rate": "write optimiser.rate", "param_groups params": "write optimiser.parameters",
        "zero_gradients zero_grads": "write zero_grad()", "minimize update apply_gradients": BY_HAND,
    },
}  # fmt: skip
IN_PLACE_METHODS = {  # of NumPy's arrays, which change them, and what to write
    "Tensor": {
        "sort": "np.sort(t)", "partition": "np.partition(t, kth)", "fill": "np.full_like(t, value)",
        "put": "np.where(mask, new, t)", "resize": "np.tile or t.reshape",
    },
}  # fmt: skip
KEYWORDS = {  # arguments of other libraries, and which of ours they are
    "lr learning_rate eta": "rate", "dim dims": "axis", "keepdim keep_dims": "keepdims", "argnums": "argnum",
    "in_features input_dim": "inputs", "out_features units": "outputs", "use_bias": "bias", "params": "parameters",
    "eps": "epsilon", "betas": "beta1 beta2", "beta": "momentum", "num_classes n_classes depth": "classes",
    "negative_slope alpha": "slope", "delta beta": "width", "label": "name", "p": "ord", "unbiased": "ddof",
    "trainable require_grad requires_gradient": "requires_grad", "random_state": "seed", "rankdir": "direction",
    "target targets labels y_true": "t", "input logits y_pred output": "a z", "grad_tensors grad": "gradient",
}  # fmt: skip
NO_KEYWORDS = {  # others, and what there is instead
    "device": CPU, "retain_graph": "leave it out: a graph stays as long as its result, to be swept again",
    "reduction size_average": "a cost is a sum; divide it by the number of examples for their mean",
    "inplace": "leave it out: a tensor's numbers never change",
    "inputs": "write tg.adjoints(loss, leaves)", "weight_decay": "add 0.5 * decay * tg.sum(W**2) to the loss",
    "momentum": "write Momentum(parameters, rate, momentum)",
    "from_logits": "tg.softmax_cross_entropy takes logits, tg.cross_entropy probabilities",
    "format": "the path's suffix is the format",
}  # fmt: skip

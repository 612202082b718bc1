"""Every quantity again, slowly: plain loops over `math`, importing nothing of ours."""

import math

# limits and statements


def softplus(u):
    return max(u, 0.0) + math.log1p(math.exp(-abs(u)))


def sigmoid(u):
    return 1 / (1 + math.exp(-u)) if u >= 0 else math.exp(u) / (1 + math.exp(u))


def entropy_of(p):
    return -sum(x * math.log(x) for x in (p, 1 - p) if x > 0)


def pair_loss(p, m):
    """Expected log-loss: -p log sigmoid(m) - (1 - p) log sigmoid(-m)."""
    return p * softplus(-m) + (1 - p) * softplus(m)


def bernoulli_kl(x, y):
    total = 0.0
    for part, whole in ((x, y), (1 - x, 1 - y)):
        if part > 0:
            total += part * math.log(part / whole) if whole > 0 else math.inf
    return total


def mean_pair_loss(preference, scores):
    """Mean loss over i < j; `preference(i, j)` is the teacher's p."""
    k = len(scores)
    losses = [
        pair_loss(preference(i, j), scores[i] - scores[j])
        for i in range(k)
        for j in range(i + 1, k)
    ]
    return sum(losses) / len(losses)


def max_cut_share(k):
    """Best share of separated pairs over every split of k documents in two."""
    pairs = [(i, j) for i in range(k) for j in range(i + 1, k)]
    best = 0
    for split in range(2**k):
        best = max(best, sum((split >> i & 1) != (split >> j & 1) for i, j in pairs))
    return best / len(pairs)


def hoeffding_limit(values, low, high, delta, n_students):
    n = len(values)
    slack = (high - low) * math.sqrt(math.log(n_students / delta) / (2 * n))
    return min(high, sum(values) / n + slack)


def empirical_bernstein_limit(values, low, high, delta, n_students):
    n = len(values)
    mean = sum(values) / n
    variance = sum((value - mean) ** 2 for value in values) / (n - 1)
    log_term = math.log(2 * n_students / delta)
    slack = math.sqrt(2 * variance * log_term / n)
    slack += 7 * (high - low) * log_term / (3 * (n - 1))
    return min(high, mean + slack)


def kl_limit(values, low, high, delta, n_students, points):
    """Largest grid mean whose relative entropy from the sample is in the budget."""
    n = len(values)
    mean = sum((value - low) / (high - low) for value in values) / n
    budget = math.log(n_students / delta) / n
    best = mean
    for i in range(points + 1):
        y = i / points
        if y > mean and bernoulli_kl(mean, y) <= budget:
            best = max(best, y)
    return low + (high - low) * best


def betting_stakes(n, delta):
    floor = min(0.45, math.sqrt(8 * math.log(1 / delta) / n) / 3)
    stakes, stake = [], 0.98
    while stake >= floor * (1 - 1e-12):
        stakes.append(stake)
        stake /= 1.8
    return stakes


def betting_capital(values, low, high, delta, mean):
    """Average capital of the fixed stakes against `mean`, by plain products."""
    stakes = betting_stakes(len(values), delta)
    total = 0.0
    for stake in stakes:
        capital = 1.0
        for value in values:
            unit = (value - low) / (high - low)
            capital *= 1 + stake * (mean - unit) / (1 - mean)
        total += capital
    return total / len(stakes)


def betting_limit(values, low, high, delta, n_students, points):
    """Largest mean of a grid against which the capital stays below K / delta."""
    best = 0.0
    for i in range(points):
        mean = i / points
        if betting_capital(values, low, high, delta, mean) < n_students / delta:
            best = mean
    return low + (high - low) * best


def binomial_tail(n, probability, at_least):
    """P(Bin(n, probability) >= at_least), summed term by term."""
    total = 0.0
    for count in range(at_least, n + 1):
        log_term = math.lgamma(n + 1) - math.lgamma(count + 1)
        log_term -= math.lgamma(n - count + 1)
        log_term += count * math.log(probability)
        log_term += (n - count) * math.log1p(-probability)
        total += math.exp(log_term)
    return total


def most_failures(n, probability, false_alarm):
    """Smallest c with P(Bin(n, probability) > c) <= false_alarm."""
    count = int(n * probability)
    while binomial_tail(n, probability, count + 1) > false_alarm:
        count += 1
    return count


# measure: the main job on nested dictionaries, one query, group and pair at a time


def clip_at(scores, score_range):
    floor = max(scores.values()) - score_range
    return {docno: max(score, floor) for docno, score in scores.items()}


def wanted_pairs(docs, positives, pairs):
    """Pairs (x, y) of a group, x before y, of the wanted kind."""
    found = []
    for i, x in enumerate(docs):
        for y in docs[i + 1 :]:
            good = (x in positives) + (y in positives)
            if pairs == "all" or good == {"pos-neg": 1, "neg-neg": 0}[pairs]:
                found.append((x, y))
    return found


def group_row(docs, positives, teacher, student, vectors, *, pairs, score_range):
    """Terms of one group; scores are dictionaries in units of their temperatures.

    `student` and `vectors` may be None. Returns None when no pair is wanted.
    """
    chosen = wanted_pairs(docs, positives, pairs)
    if not chosen:
        return None
    row = {"n_docs": len(docs), "n_pairs": len(chosen)}
    margins = [teacher[x] - teacher[y] for x, y in chosen]
    row["entropy_nats"] = sum(entropy_of(sigmoid(a)) for a in margins) / len(chosen)
    row["entropy_bits"] = row["entropy_nats"] / math.log(2)
    row["teacher_range"] = max(teacher[d] for d in docs) - min(teacher[d] for d in docs)
    if student is not None:
        clipped = clip_at({d: student[d] for d in docs}, score_range)
        losses = [
            pair_loss(sigmoid(a), clipped[x] - clipped[y])
            for a, (x, y) in zip(margins, chosen, strict=True)
        ]
        row["risk_nats"] = sum(losses) / len(losses)
        row["divergence_nats"] = row["risk_nats"] - row["entropy_nats"]
        row["student_range"] = max(clipped.values()) - min(clipped.values())
    if vectors is not None:
        distances = [math.dist(vectors[x], vectors[y]) for x, y in chosen]
        row["diameter"] = max(distances)
        row["mean_distance"] = sum(distances) / len(distances)
    return row


def measured_rows(groups, teacher, student, vectors, *, pairs="all", score_range=10.0):
    """Rows {qid: {column: value}}; `groups` is a list of (qid, docs, positives).

    Documents that the student lacks are left out of its groups; groups of one query are
    averaged.
    """
    rows = {}
    for qid, docs, positives in groups:
        own = None if student is None else student.get(qid, {})
        kept = docs if own is None else [d for d in docs if d in own]
        row = group_row(
            kept,
            positives,
            teacher[qid],
            own,
            vectors,
            pairs=pairs,
            score_range=score_range,
        )
        if row is not None:
            rows.setdefault(qid, []).append(row)
    return {
        qid: {key: sum(r[key] for r in many) / len(many) for key in many[0]}
        for qid, many in rows.items()
    }


def top(scores, depth):
    """Best documents; ties by docno, descending, as trec_eval orders them."""
    order = sorted(scores, reverse=True)
    return sorted(order, key=lambda docno: -scores[docno])[:depth]


# estimators


def pairs_of(k, positive=None, pairs="all"):
    """The pairs i < j of k documents that enter."""
    chosen = []
    for i in range(k):
        for j in range(i + 1, k):
            goods = 0 if positive is None else bool(positive[i]) + bool(positive[j])
            if pairs == "all" or goods == {"pos-neg": 1, "neg-neg": 0}[pairs]:
                chosen.append((i, j))
    return chosen


def pair_average(value, k, positive=None, pairs="all"):
    """Mean of `value(i, j)` over the pairs that enter."""
    values = [value(i, j) for i, j in pairs_of(k, positive, pairs)]
    return math.fsum(values) / len(values)


def pairwise_entropy(teacher, temperature=1.0, positive=None, pairs="all"):
    def value(i, j):
        return entropy_of(sigmoid((teacher[i] - teacher[j]) / temperature))

    return pair_average(value, len(teacher), positive, pairs)


def pairwise_risk(teacher, student, temperature=1.0, positive=None, pairs="all"):
    def value(i, j):
        p = sigmoid((teacher[i] - teacher[j]) / temperature)
        return pair_loss(p, student[i] - student[j])

    return pair_average(value, len(teacher), positive, pairs)


def pairwise_divergence(teacher, student, temperature=1.0, positive=None, pairs="all"):
    def value(i, j):
        p = sigmoid((teacher[i] - teacher[j]) / temperature)
        return bernoulli_kl(p, sigmoid(student[i] - student[j]))

    return pair_average(value, len(teacher), positive, pairs)


def risk_gradient(teacher, student):
    """Derivatives of the mean loss with respect to the student's scores."""
    slopes = [0.0] * len(student)
    chosen = pairs_of(len(student))
    for i, j in chosen:
        p = sigmoid(teacher[i] - teacher[j])
        slope = (sigmoid(student[i] - student[j]) - p) / len(chosen)
        slopes[i] += slope
        slopes[j] -= slope
    return slopes


def mean_margin(scores, temperature=1.0, positive=None, pairs="all"):
    def value(i, j):
        return abs(scores[i] - scores[j]) / temperature

    return pair_average(value, len(scores), positive, pairs)


def softmax(scores, temperature=1.0):
    weights = [math.exp((score - max(scores)) / temperature) for score in scores]
    return [weight / math.fsum(weights) for weight in weights]


def list_entropy(scores, temperature=1.0):
    return -math.fsum(p * math.log(p) for p in softmax(scores, temperature) if p > 0)


def list_divergence(teacher, student, temperature=1.0):
    both = zip(softmax(teacher, temperature), softmax(student), strict=True)
    return math.fsum(p * math.log(p / q) for p, q in both if p > 0)


def euclidean(x, y):
    return math.sqrt(math.fsum((u - v) ** 2 for u, v in zip(x, y, strict=True)))


def angle(x, y):
    """The angle by its cosine: no digits are left below 1e-8."""
    inner = math.fsum(u * v for u, v in zip(x, y, strict=True))
    cosine = inner / math.hypot(*x) / math.hypot(*y)
    return math.acos(min(1.0, max(-1.0, cosine)))


def inverted_cdf(values, hundredths):
    """Smallest value that at least so many hundredths of the values do not exceed."""
    for value in sorted(values):
        if 100 * sum(other <= value for other in values) >= hundredths * len(values):
            return value
    raise ValueError("no values")


def weighted_quantile(values, weights, room):
    """Smallest value with at most `room` of weight above it."""
    for value in sorted(values):
        pairs = zip(values, weights, strict=True)
        if math.fsum(weight for other, weight in pairs if other > value) <= room:
            return value
    raise ValueError("no values")


def average_by_query(queries, values, n_queries):
    means = []
    for query in range(n_queries):
        own = [v for q, v in zip(queries, values, strict=True) if q == query]
        means.append(math.fsum(own) / len(own) if own else math.nan)
    return means


def likeliest_temperature(margins, targets, weights, low, high):
    """Golden section on the mean loss over the logarithm of the temperature."""

    def loss(log_temperature):
        triples = zip(margins, targets, weights, strict=True)
        scale = math.exp(-log_temperature)
        return math.fsum(w * pair_loss(p, m * scale) for m, p, w in triples)

    shrink = (math.sqrt(5) - 1) / 2
    left, right = math.log(low), math.log(high)
    for _ in range(60):
        a, b = right - shrink * (right - left), left + shrink * (right - left)
        left, right = (left, b) if loss(a) < loss(b) else (a, right)
    return math.exp((left + right) / 2)


def best_documents(scores, depth):
    """Docnos of one query, best first, equal scores by docno descending."""
    ranked = sorted(((value, docno) for docno, value in scores.items()), reverse=True)
    return [docno for _, docno in ranked[:depth]]


# misranking and calibration


def misranking(p, m, weights):
    """Chance of a wrong order: p where m < 0, 1 - p where m > 0, a coin at ties."""
    total = sum(weights)
    wrong = 0.0
    for x, y, w in zip(p, m, weights, strict=True):
        wrong += w / total * (x if y < 0 else 1 - x if y > 0 else 0.5)
    return wrong


def calibration_cells(p, m, eta, weights):
    """Mean gap of truth and preference over the cells of equal p and equal sign."""
    cells = {}
    for x, y, e, w in zip(p, m, eta, weights, strict=True):
        cell = x, bool(y > 0), bool(y < 0)
        cells[cell] = cells.get(cell, 0.0) + w * (e - x)
    return sum(abs(gap) for gap in cells.values()) / sum(weights)


# other losses, Bregman divergences, comparators


def softmax_of(scores):
    top = max(scores)
    weights = [math.exp(x - top) for x in scores]
    return [x / sum(weights) for x in weights]


def cross_entropy(target, scores):
    """Listwise loss -sum_i target_i log softmax_of(scores)_i."""
    total = 0.0
    for i, share in enumerate(target):
        if share > 0:
            total += share * math.log(sum(math.exp(x - scores[i]) for x in scores))
    return total


def discrete_entropy(shares):
    return -sum(x * math.log(x) for x in shares if x > 0)


def bregman(generator, slope, y, s):
    """Divergence of vectors: generator and its gradient as functions of a list."""
    inner = sum(d * (b - c) for d, b, c in zip(slope(s), y, s, strict=True))
    return generator(y) - generator(s) - inner


def auc(scores, labels):
    wins = pairs = 0.0
    for x, good in zip(scores, labels, strict=True):
        for y, other in zip(scores, labels, strict=True):
            if good and not other:
                pairs += 1
                wins += 1.0 if x > y else 0.5 if x == y else 0.0
    return wins / pairs


# floors of capacity, in the order of Theorem 4


def capacity_floor(margins, distances, lipschitz):
    """Mean loss of the margin closest to the teacher's among the admissible ones."""
    total = 0.0
    for a, d in zip(margins, distances, strict=True):
        closest = min(max(a, -lipschitz * d), lipschitz * d)
        total += pair_loss(sigmoid(a), closest)
    return total / len(margins)


# bilinear students, posteriors and shifted laws


def mean_squared_distance(vectors):
    """Mean over the pairs i < j, one coordinate at a time."""
    k = len(vectors)
    return pair_average(lambda i, j: math.dist(vectors[i], vectors[j]) ** 2, k)


def bilinear_complexity(query_norms, groups, norm, loss_slope):
    total = 0.0
    for size, vectors in zip(query_norms, groups, strict=True):
        total += size**2 * mean_squared_distance(vectors)
    return loss_slope * norm / len(groups) * math.sqrt(total)


def pac_bayes_limit(risks, posterior, prior, low, high, *, delta, points):
    """Largest grid mean within the budget of the posterior."""
    n = len(risks[0])
    budget = math.log(2 * math.sqrt(n) / delta)
    mean = 0.0
    for row, after, before in zip(risks, posterior, prior, strict=True):
        mean += after * sum((risk - low) / (high - low) for risk in row) / n
        budget += after * math.log(after / before) if after > 0 else 0.0
    best = mean
    for i in range(points + 1):
        y = i / points
        if y > mean and bernoulli_kl(mean, y) <= budget / n:
            best = max(best, y)
    return low + (high - low) * best


def variation(first, second):
    return sum(abs(x - y) for x, y in zip(first, second, strict=True)) / 2


def product_law(law):
    """Law of two independent documents, row by row."""
    return [x * y for x in law for y in law]


def risk_of_law(law, teacher, student):
    """Expected loss of two independent documents; scores in units of temperature."""
    total = 0.0
    for i, x in enumerate(law):
        for j, y in enumerate(law):
            p = sigmoid(teacher[i] - teacher[j])
            total += x * y * pair_loss(p, student[i] - student[j])
    return total


def entropy_of_law(law, teacher):
    return risk_of_law(law, teacher, teacher)


def worst_share(losses, law, ratio):
    """Least of t + ratio E(loss - t)^+ over t, at which a kink is attained."""
    return min(
        t
        + ratio
        * sum(p * max(loss - t, 0.0) for p, loss in zip(law, losses, strict=True))
        for t in losses
    )


def importance_weighted(losses, ratios):
    k = len(ratios)
    return pair_average(lambda i, j: ratios[i] * ratios[j] * losses[i][j], k)


# the risk of one query with its distances cut at a threshold


def truncated(losses, distances, lipschitz, threshold):
    """Mean truncated loss, and mean distance beyond the threshold."""
    cost = beyond = 0.0
    for loss, d in zip(losses, distances, strict=True):
        if d > threshold:
            cost += softplus(lipschitz * threshold)
            beyond += d - threshold
        else:
            cost += loss
    return cost / len(losses), beyond / len(losses)


# nDCG


def worst_ndcg(gains, scores, cutoff):
    """Document by document, ties against the student; no cut-off if None."""
    cutoff = len(gains) if cutoff is None else cutoff
    order = sorted(range(len(gains)), key=lambda i: (-scores[i], gains[i]))
    ideal = sorted(gains, reverse=True)
    found = best = 0.0
    for rank, i in enumerate(order[:cutoff], start=1):
        found += gains[i] / math.log2(1 + rank)
        best += ideal[rank - 1] / math.log2(1 + rank)
    return found / best

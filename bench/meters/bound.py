"""What shifts cost in restless homes, whatever detects them: of real hourly meters, how many natural five days lie as far from the
four weeks before as five days that are trebled.

Two measures of a day are compared: the logarithm of what was used, and the mean logarithm of the hours in which anything was used. Each as
it is, and as a multiple of how far five days of this home usually went before. For a threshold that lets so many of the
trebled windows pass, `alarms` is how often the untouched series would pass it, a hundred meters a month; windows within
twenty days of each other are one alarm.
"""

WINDOW, BASELINE, LEARN, APART = 5, 28, 60, 20
RECALLS = [0.95, 0.9, 0.8, 0.6, 0.5]


def days_of(readings):
    """Of a home, by day: logarithm of the sum, mean logarithm of hours in use, and how many those were."""
    import numpy
    import pandas

    day = readings.ts.dt.floor("D")
    used = readings.value > 0
    sums = readings.value.groupby(day).sum()
    hours = numpy.log(readings.value[used]).groupby(day[used])
    every = pandas.date_range(sums.index.min(), sums.index.max())
    sums = sums.reindex(every)
    return (
        numpy.log(sums.where(sums > 0)).to_numpy(),
        hours.mean().reindex(every).to_numpy(),
        hours.size().reindex(every).fillna(0).to_numpy(),
    )


def mean(values, weights):
    import numpy

    known = numpy.isfinite(values)
    return numpy.average(values[known], weights=weights[known])


def steps(values, weights):
    """Of each day: the mean of five days from it on, less that of the four weeks before; not a number where too little is known."""
    import numpy

    found = numpy.full(len(values), numpy.nan)
    for at in range(BASELINE, len(values) - WINDOW + 1):
        after, before = slice(at, at + WINDOW), slice(at - BASELINE, at)
        if numpy.isfinite(values[after]).sum() >= WINDOW - 1 and numpy.isfinite(values[before]).sum() >= BASELINE // 2:
            found[at] = mean(values[after], weights[after]) - mean(values[before], weights[before])
    return found


def alarms(rows, passed):
    """Times that windows passed, a hundred meters a month."""
    count = 0
    for _, own in rows[passed].groupby("home"):
        count += 1 + int((own["at"].sort_values().diff() > APART).sum())
    return 100 * count / (len(rows) / 30)


def bound(readings):
    """Rows of measure, recall and alarms. `readings`: home, ts (an hour), value."""
    import numpy
    import pandas

    found = []
    for home, own in readings.groupby("home"):
        sums, hours, counts = days_of(own)
        by_measure = {"daily use": steps(sums, numpy.ones(len(sums))), "use in an hour in use": steps(hours, counts)}
        for at in range(LEARN, len(sums) - WINDOW):
            row = {"home": home, "at": at}
            for measure, step in by_measure.items():
                past = step[BASELINE : at - WINDOW + 1]
                past = past[numpy.isfinite(past)]
                row[measure] = step[at]
                row[f"{measure}, of this home's usual step"] = 0.1 + numpy.sqrt((past**2).mean()) if len(past) else numpy.nan
            found.append(row)
    rows = pandas.DataFrame(found).dropna()
    result = []
    for measure in ["daily use", "use in an hour in use"]:
        usual = rows[f"{measure}, of this home's usual step"]
        for name, unit in [(measure, 1.0), (usual.name, usual)]:
            natural, trebled = rows[measure] / unit, (rows[measure] + numpy.log(3)) / unit
            at = {recall: round(float(alarms(rows, natural > trebled.quantile(1 - recall))), 2) for recall in RECALLS}
            result.append({"measure": name, "alarms_per_100_meters_a_month_at_recall": at})
    return result

package sample

import "plimsoll/runner/result"

// The laws below are what runner/scaling fits to the samples, as a test makes
// sure.

func publishedLaws() []result.Scaling {
	law := result.Scaling{Scenario: "fetch-urls", Mode: "concurrent", Axis: result.AxisRequests, Points: 5, Smallest: 5, Largest: 100,
		Baseline: "sequential", X1: exactly(1), Basis: result.FromResiduals}
	amdahl, usl := law, law
	amdahl.Law, amdahl.AICc, amdahl.Off = result.Amdahl, -19.896237, 0.1059643
	amdahl.Serial = result.Value{Value: 0.024555416, Low: 0.020251434, High: 0.028859397}
	usl.Law, usl.AICc, usl.Chosen = result.USL, -177.23266, true
	usl.Serial, usl.Crosstalk = exactly(0.0148), exactly(0.000118)
	peak := exactly(91.373697)
	usl.Peak = &peak
	return []result.Scaling{amdahl, usl}
}

func callersLaws() []result.Scaling {
	law := result.Scaling{Scenario: "callers", Mode: "concurrent", Axis: result.AxisConcurrency, Points: 7, Smallest: 1, Largest: 48,
		Basis: result.FromRepetitions}
	amdahl, usl := law, law
	amdahl.Law, amdahl.AICc, amdahl.Off = result.Amdahl, -46.741285, 0.080453604
	amdahl.Serial = result.Value{Value: 0.034039061, Low: 0.029836129, High: 0.038241993}
	amdahl.X1 = result.Value{Value: 54.749578, Low: 51.453724, High: 58.045431}
	usl.Law, usl.AICc, usl.Off, usl.Chosen = result.USL, -68.946378, 0.019337534, true
	usl.Serial = result.Value{Value: 0.019383688, Low: 0.012504088, High: 0.026263287}
	usl.Crosstalk = result.Value{Value: 0.00021056184, Low: 7.9205684e-05, High: 0.000341918}
	usl.X1 = result.Value{Value: 49.419352, Low: 47.032401, High: 51.806302}
	usl.Peak = &result.Value{Value: 68.243253, Low: 53.659037, High: 110.33711}
	return []result.Scaling{amdahl, usl}
}

func exactly(v float64) result.Value { return result.Value{Value: v, Low: v, High: v} }

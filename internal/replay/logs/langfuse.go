package logs

import (
	"strings"

	"warder.example/guard"
)

// langfuse reads an observation, as the API names its fields (startTime) or as
// exports do (start_time; langfuse.com/docs, "Blob storage export field reference"),
// or a trace with its observations.
func (p *parser) langfuse(o object) error {
	if list, ok := unquoted(o["observations"]).([]any); ok {
		return p.langfuseTrace(o, list)
	}
	kind := o.name("type")
	switch {
	case kind == "" && !o.hasAny("traceId", "trace_id"):
		// A trace repeats what its generations say, which stand elsewhere.
		return p.left(TraceOnly)
	case kind != "" && !strings.EqualFold(kind, "GENERATION"):
		return p.left(NotGeneration)
	}
	r := Record{
		Time:  o.time("startTime", "start_time", "timestamp"),
		Model: o.name("model", "provided_model_name", "providedModelName", "internalModel"),
		App:   o.name("traceName", "trace_name", "name"),
	}
	for _, k := range []string{"usage", "usageDetails", "usage_details"} {
		r.usage(o.object(k))
	}
	r.usage(object{"input": o.first("promptTokens", "inputUsage"), "output": o.first("completionTokens", "outputUsage")})
	r.price(o, "calculatedTotalCost", "calculated_total_cost", "totalCost", "total_cost")
	if !r.Priced {
		for _, k := range []string{"costDetails", "cost_details"} {
			r.price(o.object(k), "total")
		}
	}
	r.langfuseTexts(unquoted(o["input"]), unquoted(o["output"]))
	return p.add(&r)
}

// langfuseTexts reads what the tracing libraries put into input and output: the
// messages, a request body, one message or one text.
func (r *Record) langfuseTexts(input, output any) {
	if m, ok := input.(map[string]any); ok && object(m).hasAny("messages", "prompt", "contents", "input") {
		r.request(object(m))
	} else {
		var ts texts
		ts.messages(input, guard.OriginUser)
		r.Request = ts.out
	}
	r.answer(output)
}

// langfuseTrace reads the generations of a trace that holds them. What they lack
// (the name of the trace) is taken from it.
func (p *parser) langfuseTrace(trace object, list []any) error {
	for _, e := range list {
		m, ok := e.(map[string]any)
		if !ok {
			// Lists of ids: the observations stand elsewhere.
			if err := p.left(TraceOnly); err != nil {
				return err
			}
			continue
		}
		o := object(m)
		if o["traceName"] == nil && trace["name"] != nil {
			o["traceName"] = trace["name"]
		}
		if o["type"] == nil {
			o["type"] = "GENERATION"
		}
		delete(o, "observations") // they do not nest
		if err := p.langfuse(o); err != nil {
			return err
		}
	}
	return nil
}

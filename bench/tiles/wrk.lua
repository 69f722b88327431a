-- Asks for the paths of a file in turn, each thread from its own place; prints what came back as JSON.
local paths = {}
local next_thread = 0
function setup(thread)
  thread:set("first", next_thread * 977)
  next_thread = next_thread + 1
end
function init(args)
  for line in io.lines(args[1]) do paths[#paths + 1] = line end
  at = first
end
function request()
  at = at + 1
  return wrk.format("GET", paths[at % #paths + 1])
end
function done(summary, latency, requests)
  local failed = summary.errors.status + summary.errors.connect + summary.errors.read + summary.errors.timeout
  io.write(string.format('{"requests": %d, "seconds": %f, "bytes": %d, "failed": %d}\n',
    summary.requests, summary.duration / 1e6, summary.bytes, failed))
end

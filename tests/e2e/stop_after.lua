-- SPDX-License-Identifier: BSD-2-Clause
-- wrk with one thread ends after as many responses as its argument says; a few more requests are under way then.
local left

function init(arguments)
  left = tonumber(arguments[1])
end

function response()
  left = left - 1
  if left == 0 then os.exit(0) end  -- wrk.thread:stop() would leave the main thread asleep for the whole duration
end

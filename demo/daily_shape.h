// demo/daily_shape.h: how busy a Japanese shop is at each time of day: quiet before dawn, a peak at lunch and a higher
// one in the evening.
#pragma once
#include "base/time.h"

namespace mamori::demo {

/// Traffic relative to the day's mean, by the clock of Japan (UTC+9, no daylight saving). Mean over a day: 1 within 1
/// %. Never below 0.3: a demo started at Japan's night should still look alive.
double daily_shape(Timestamp at);

}  // namespace mamori::demo

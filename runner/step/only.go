package step

import "plimsoll/target/setting"

// Only is the one step that does a journey, as if it stood at a place.
func Only(journey string, at setting.Pos) []Step {
	return []Step{{pos: at, journey: setting.At[string]{Value: journey, Pos: at, Given: true, Valid: true}}}
}

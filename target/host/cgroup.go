package host

import (
	"math"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// cgroups are the folders of this process's control groups, as the kernel
// mounts them: of version 2 both are one, and version 1 has one for each
// controller. Without any they are "".
type cgroups struct{ cpu, memory string }

// groups finds them anew: a process may be moved.
func groups() cgroups {
	mounts, _ := os.ReadFile("/proc/self/mountinfo")
	member, _ := os.ReadFile("/proc/self/cgroup")
	return cgroups{
		cpu:    groupFolder(string(mounts), string(member), "cpu"),
		memory: groupFolder(string(mounts), string(member), "memory"),
	}
}

// groupFolder is where the kernel shows the group that governs a controller,
// by the texts of mountinfo and cgroup in /proc/self.
func groupFolder(mounts, member, controller string) string {
	unified := ""
	for line := range strings.Lines(member) {
		// "4:memory:/path"; of version 2 "0::/path".
		fields := strings.SplitN(strings.TrimSpace(line), ":", 3)
		if len(fields) != 3 {
			continue
		}
		if hasWord(fields[1], controller) {
			if folder := mountedAt(mounts, fields[2], "cgroup", controller); folder != "" {
				return folder
			}
		} else if fields[0] == "0" && fields[1] == "" {
			unified = fields[2]
		}
	}
	if unified == "" {
		return ""
	}
	return mountedAt(mounts, unified, "cgroup2", "")
}

// mountedAt is where a path of a control group's file system is to be found.
func mountedAt(mounts, path, kind, controller string) string {
	for line := range strings.Lines(mounts) {
		// "… ROOT POINT OPTIONS … - KIND SOURCE SUPEROPTIONS"
		before, after, found := strings.Cut(strings.TrimSpace(line), " - ")
		left, right := strings.Fields(before), strings.Fields(after)
		if !found || len(left) < 6 || len(right) < 3 || right[0] != kind || controller != "" && !hasWord(right[2], controller) {
			continue
		}
		root, point := left[3], left[4]
		inside, err := filepath.Rel(root, path)
		if err != nil || strings.HasPrefix(inside, "..") {
			inside = "" // of another name space: what is mounted is our own
		}
		return filepath.Join(point, inside)
	}
	return ""
}

func hasWord(list, word string) bool {
	for each := range strings.SplitSeq(list, ",") {
		if each == word {
			return true
		}
	}
	return false
}

// quota is how many processors the group and those around it may keep busy; 0
// without a limit.
func (g cgroups) quota() float64 {
	least := math.Inf(1)
	for folder := g.cpu; strings.HasPrefix(folder, "/"); folder = filepath.Dir(folder) {
		if quota := quotaOf(folder); quota > 0 {
			least = min(least, quota)
		}
		if folder == "/" {
			break
		}
	}
	if math.IsInf(least, 1) {
		return 0
	}
	return least
}

// quotaOf is the quota of one group: its file cpu.max, or two of version 1.
func quotaOf(folder string) float64 {
	text, _ := os.ReadFile(filepath.Join(folder, "cpu.max"))
	if fields := strings.Fields(string(text)); len(fields) == 2 {
		return share(number(fields[0]), number(fields[1])) // "max" is no number
	}
	return share(fromFile(filepath.Join(folder, "cpu.cfs_quota_us")), fromFile(filepath.Join(folder, "cpu.cfs_period_us")))
}

func share(quota, period int64) float64 {
	if quota <= 0 || period <= 0 {
		return 0
	}
	return float64(quota) / float64(period)
}

// throttled is how long the group was kept from running.
func (g cgroups) throttled() time.Duration {
	text, _ := os.ReadFile(filepath.Join(g.cpu, "cpu.stat"))
	for line := range strings.Lines(string(text)) {
		switch name, value, _ := strings.Cut(strings.TrimSpace(line), " "); name {
		case "throttled_usec":
			return time.Duration(number(value)) * time.Microsecond
		case "throttled_time":
			return time.Duration(number(value))
		}
	}
	return 0
}

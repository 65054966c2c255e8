// Package uring is io_uring of Linux, bare: what is to be done goes into one ring,
// what has been done comes out of another, and one system call sees to both. It
// knows neither sockets nor waiting.
//
// A Ring belongs to one thread, which is the one that first enters it: the kernel
// does its part of the work on that thread alone, and only while it is in Enter. So
// nothing happens between two entries: neither is anything received, nor does memory
// that has been lent to the kernel change. That takes Linux 6.1.
//
// The layouts and constants are those of <linux/io_uring.h>.
package uring

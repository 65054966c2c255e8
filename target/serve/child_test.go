package serve

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"plimsoll/target/delay"
	"plimsoll/target/sim"
)

func TestChildServesUntilClosed(t *testing.T) {
	child, err := Start(t.Context(), Options{Settings: sim.Settings{Delay: delay.Of(20 * time.Millisecond)}}, as("child"))
	if err != nil {
		t.Fatal(err)
	}
	began, client := time.Now(), newClient(t, false)
	if answer, _ := get(t, client, child.URL()); answer.StatusCode != 200 || time.Since(began) < 20*time.Millisecond {
		t.Errorf("status %d after %v", answer.StatusCode, time.Since(began))
	}
	if child.Err() != nil {
		t.Errorf("while it lives: %v", child.Err())
	}
	child.Close()
	expectGone(t, child)
	if err := child.Err(); err != nil {
		t.Errorf("we ended it ourselves, but: %v", err)
	}
	child.Close() // again does no harm
}

// A busy machine may take its time over that, but not always.
func TestCloseTakesACallUnderWayAlong(t *testing.T) {
	var took time.Duration
	for range 5 {
		child, err := Start(t.Context(), Options{}, as("child"))
		if err != nil {
			t.Fatal(err)
		}
		conn, err := net.Dial("tcp", strings.TrimPrefix(child.URL(), "http://"))
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprint(conn, "GET /delay/60 HTTP/1.1\r\nHost: x\r\n\r\n")
		time.Sleep(50 * time.Millisecond)
		began := time.Now()
		child.Close()
		took = time.Since(began)
		expectGone(t, child)
		_ = conn.Close()
		if took < toEnd {
			return
		}
	}
	t.Errorf("it had to be killed, after %v, each of five times", took)
}

func TestDeathOfTheChildIsNoticed(t *testing.T) {
	child, err := Start(t.Context(), Options{}, as("child"))
	if err != nil {
		t.Fatal(err)
	}
	defer child.Close()
	if err := child.cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	select {
	case <-child.Done():
	case <-time.After(10 * time.Second):
		t.Fatal("not noticed")
	}
	if err := child.Err(); err == nil || !strings.Contains(err.Error(), "killed") {
		t.Errorf("got %v", err)
	}
}

// The pipe is what ends the child when its parent has no chance to.
func TestChildDiesWithItsParent(t *testing.T) {
	parent := exec.Command(os.Args[0])
	parent.Env = append(os.Environ(), role+"=parent")
	output, err := parent.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := parent.Start(); err != nil {
		t.Fatal(err)
	}
	line, err := bufio.NewReader(output).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	url := strings.TrimSpace(line)
	if answer, _ := get(t, newClient(t, false), url); answer.StatusCode != 200 {
		t.Fatalf("status %d", answer.StatusCode)
	}
	if err := parent.Process.Kill(); err != nil { // SIGKILL: no code of the parent runs any more
		t.Fatal(err)
	}
	_ = parent.Wait()
	for began := time.Now(); time.Since(began) < 10*time.Second; time.Sleep(10 * time.Millisecond) {
		conn, err := net.Dial("tcp", strings.TrimPrefix(url, "http://"))
		if err != nil {
			return // gone
		}
		_ = conn.Close()
	}
	t.Errorf("the child still listens at %s", url)
}

// beParent starts a child, tells where, and does nothing more.
func beParent() error {
	child, err := Start(context.Background(), Options{}, as("child"))
	if err != nil {
		return err
	}
	fmt.Println(child.URL())
	select {}
}

func TestStartTellsWhatWentWrong(t *testing.T) {
	_, err := Start(t.Context(), Options{}, as("broken"))
	if err == nil || !strings.Contains(err.Error(), "nothing works here") {
		t.Errorf("a child that ends at once: %v", err)
	}
	_, err = Start(t.Context(), Options{}, Command{Path: "/does/not/exist"})
	if !errors.Is(err, os.ErrNotExist) {
		t.Errorf("no such program: %v", err)
	}
	soon, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	_, err = Start(soon, Options{}, as("mute"))
	if !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("a child that says nothing: %v", err)
	}
}

func TestRunChildWantsSettings(t *testing.T) {
	err := RunChild(t.Context(), strings.NewReader("hello"), os.Stderr)
	if err == nil || !strings.Contains(err.Error(), "pipe") {
		t.Errorf("got %v", err)
	}
}

func expectGone(t *testing.T, child *Child) {
	t.Helper()
	select {
	case <-child.Done():
	default:
		t.Fatal("Close came back before the process was gone")
	}
	if child.cmd.ProcessState == nil {
		t.Error("not reaped")
	}
	if conn, err := net.Dial("tcp", strings.TrimPrefix(child.URL(), "http://")); err == nil {
		_ = conn.Close()
		t.Error("somebody still listens at its address")
	}
}

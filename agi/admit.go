package agi

import (
	"log/slog"
	"net"
	"net/netip"
	"time"
)

// evictable is the age from which a connection that has not introduced itself
// gives way to a new one. Asterisk introduces itself in the same instant.
const evictable = 100 * time.Millisecond

// admit decides whether a new connection may stay, and closes it if not.
func (s *Server) admit(conn net.Conn) *peer {
	if !s.allowed(conn.RemoteAddr()) {
		s.counters.refusedNetwork.Add(1)
		conn.Close()
		s.report(slog.LevelWarn, kindNetwork, "fastagi: connection from a network that is not allowed", "remote", conn.RemoteAddr())
		return nil
	}
	p := &peer{conn: conn, since: time.Now()}
	admitted, evicted := s.enter(p)
	if evicted != nil {
		s.counters.evicted.Add(1)
		evicted.conn.Close()
		s.report(slog.LevelWarn, kindEvicted, "fastagi: cut a silent connection to make room", "remote", evicted.conn.RemoteAddr())
	}
	if !admitted {
		s.counters.refusedLimit.Add(1)
		conn.Close()
		s.report(slog.LevelWarn, kindLimit, "fastagi: too many connections", "remote", conn.RemoteAddr(), "limit", s.maxConnections())
		return nil
	}
	s.counters.accepted.Add(1)
	return p
}

// enter takes a place for p, if need be that of a silent connection.
func (s *Server) enter(p *peer) (admitted bool, evicted *peer) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.isStopping() {
		return false, nil
	}
	if len(s.peers) >= s.maxConnections() {
		if evicted = s.oldestStranger(p.since); evicted == nil {
			return false, nil
		}
		evicted.evicted = true
		s.forget(evicted)
	}
	s.peers[p] = struct{}{}
	p.stranger = s.strangers.PushBack(p)
	return true, evicted
}

func (s *Server) oldestStranger(now time.Time) *peer {
	front := s.strangers.Front()
	if front == nil {
		return nil
	}
	p := front.Value.(*peer)
	if now.Sub(p.since) < evictable {
		return nil
	}
	return p
}

// introduced notes that p has sent its environment and keeps its place.
func (s *Server) introduced(p *peer) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.noStranger(p)
}

// leave frees the place of p.
func (s *Server) leave(p *peer) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.forget(p)
}

// wasEvicted tells whether the place of p was given to another.
func (s *Server) wasEvicted(p *peer) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return p.evicted
}

func (s *Server) forget(p *peer) {
	if _, ok := s.peers[p]; !ok {
		return
	}
	delete(s.peers, p)
	s.noStranger(p)
	if len(s.peers) == 0 && s.isStopping() {
		close(s.drained)
	}
}

func (s *Server) noStranger(p *peer) {
	if p.stranger != nil {
		s.strangers.Remove(p.stranger)
		p.stranger = nil
	}
}

func (s *Server) allowed(remote net.Addr) bool {
	if len(s.AllowedNetworks) == 0 {
		return true
	}
	addr, ok := address(remote)
	if !ok {
		return false
	}
	for _, network := range s.AllowedNetworks {
		if network.Contains(addr) {
			return true
		}
	}
	return false
}

func address(remote net.Addr) (netip.Addr, bool) {
	if tcp, ok := remote.(*net.TCPAddr); ok {
		addr := tcp.AddrPort().Addr()
		return addr.Unmap().WithZone(""), addr.IsValid()
	}
	ap, err := netip.ParseAddrPort(remote.String())
	return ap.Addr().Unmap().WithZone(""), err == nil
}

func (s *Server) maxConnections() int {
	return orDefault(s.MaxConnections, DefaultMaxConnections)
}

import { describe, expect, it } from 'vitest';
import {
  LinkLayer,
  linkHeaderBytes,
  linkLayerFromLinkType,
  linkTypeName,
} from '../../../src/wire/link-layer.ts';

describe('link layers', () => {
  it.each([
    [0, LinkLayer.Null, 'null/loopback', 4],
    [1, LinkLayer.Ethernet, 'Ethernet', 14],
    [12, LinkLayer.Raw, 'raw IP', 0],
    [14, LinkLayer.Raw, 'raw IP', 0],
    [101, LinkLayer.Raw, 'raw IP', 0],
    [108, LinkLayer.Loop, 'null/loopback', 4],
    [113, LinkLayer.LinuxCooked, 'Linux cooked v1', 16],
    [228, LinkLayer.RawIpv4, 'raw IPv4', 0],
    [229, LinkLayer.RawIpv6, 'raw IPv6', 0],
    [276, LinkLayer.LinuxCooked2, 'Linux cooked v2', 20],
    [147, LinkLayer.Unsupported, 'link type 147', 0],
  ])('knows LINKTYPE %i — draft-gharris-opsawg-pcap §8.2', (linkType, layer, name, bytes) => {
    expect(linkLayerFromLinkType(linkType)).toBe(layer);
    expect(linkTypeName(linkType)).toBe(name);
    expect(linkHeaderBytes(layer)).toBe(bytes);
  });
});

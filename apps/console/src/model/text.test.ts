import { expect, it } from 'vitest';
import { visible, visibleLines } from './text.ts';

it('shows control characters as pictures, and what turns the text round by its number', () => {
  expect(visible('a\u0000b\u001b[31mc\nd\u007f')).toBe('a␀b␛[31mc␊d␡');
  expect(visible('user\u202egnp.exe \u2066x\u200b\ufeff')).toBe('user⟨202E⟩gnp.exe ⟨2066⟩x⟨200B⟩⟨FEFF⟩');
});

it('keeps ordinary text of any script, markup included, as it is', () => {
  const text = '<img src=x onerror=alert(1)> “Zürich” 東京 👩🏽‍🚀'.replaceAll('\u200d', '');
  expect(visible(text)).toBe(text);
});

it('cuts long text, half a character and towers of marks', () => {
  expect(visible('x'.repeat(600))).toBe(`${'x'.repeat(500)}…`);
  expect(visible('a\ud800b')).toBe('a\ufffdb');
  expect(visible(`o${'\u0301'.repeat(40)}`).length).toBeLessThan(8);
});

it('keeps line breaks and tabs where there are lines', () => {
  expect(visibleLines('{\n\t"a": 1\r\n}\u0007')).toBe('{\n\t"a": 1␍\n}␇');
});

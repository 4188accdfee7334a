import type { Agent } from '@parley/contract';
import { ChevronDown } from 'lucide-react';
import { useTexts } from '../texts/use-texts.ts';
import { Button } from '../ui/button.tsx';
import { Menu, MenuChoice, MenuChoices, MenuContent, MenuTrigger } from '../ui/menu.tsx';

interface AgentPickerProps {
  readonly agents: readonly Agent[];
  readonly chosen: Agent | undefined;
  readonly onChoose: (agentId: string) => void;
}

/** A menu to choose the agent, if there are several. */
export function AgentPicker({ agents, chosen, onChoose }: AgentPickerProps) {
  const { text } = useTexts();
  if (agents.length < 2 || !chosen) return null;
  return (
    <Menu modal={false}>
      <MenuTrigger asChild>
        <Button className="min-w-0 shrink rounded-full" aria-label={text('new.agent', { name: chosen.name })}>
          <span className="truncate">{chosen.name}</span>
          <ChevronDown aria-hidden />
        </Button>
      </MenuTrigger>
      <MenuContent align="start">
        <MenuChoices value={chosen.id} onValueChange={onChoose}>
          {agents.map(({ id, name, description }) => (
            <MenuChoice key={id} value={id} hint={description}>
              {name}
            </MenuChoice>
          ))}
        </MenuChoices>
      </MenuContent>
    </Menu>
  );
}
